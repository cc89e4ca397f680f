//! Tokens as a tree, or what is wrong with them.

use std::{borrow::Cow, ops::Range, str::FromStr};

use super::{
    DEEPEST, Expression, Field, LONGEST_TEXT, MOST_TERMS, Problem, Query, SyntaxError, Term,
    error::shortened,
    names::nearest,
    scan::{self, Kind, Token, scan},
    values::{self, Raw},
};

/// # Errors
/// The first thing that is wrong, from the left.
pub fn parse(text: &str) -> Result<Query, SyntaxError> {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
        return Err(SyntaxError::new(text, end..text.len(), Problem::TooLong));
    }
    let query = Parser { text, tokens: scan(text), next: 0, depth: 0, terms: 0, similarities: Vec::new() }.query()?;
    // Printing puts spaces where one may leave them out. What is printed must be read again.
    if query.to_string().chars().count() > LONGEST_TEXT {
        return Err(SyntaxError::new(text, 0..text.len(), Problem::TooLong));
    }
    Ok(query)
}

impl FromStr for Query {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        parse(text)
    }
}

type Result<T, E = SyntaxError> = std::result::Result<T, E>;

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    terms: usize,
    /// Where they stand
    similarities: Vec<Range<usize>>,
}

impl<'a> Parser<'a> {
    fn query(mut self) -> Result<Query> {
        if self.tokens.is_empty() {
            return Ok(Query::default());
        }
        let query = Query::from(self.any()?);
        if let Some(stray) = self.peek() {
            return Err(self.wrong(stray.range, Problem::StrayParenthesis));
        }
        self.check_similarity(&query)?;
        Ok(query)
    }

    fn any(&mut self) -> Result<Expression> {
        let first = self.all()?;
        let mut others = Vec::new();
        while self.take(Kind::Or).is_some() {
            others.push(self.all()?);
        }
        Ok(Expression::any(first, others))
    }

    fn all(&mut self) -> Result<Expression> {
        let first = self.negation()?;
        let mut others = Vec::new();
        while self.take(Kind::And).is_some() || self.peek().is_some_and(|token| begins_operand(token.kind)) {
            others.push(self.negation()?);
        }
        Ok(Expression::all(first, others))
    }

    fn negation(&mut self) -> Result<Expression> {
        let Some(not) = self.take(Kind::Not).or_else(|| self.take(Kind::Minus)) else { return self.operand() };
        let negated = self.deeper(not.range, Self::negation)?;
        Ok(!negated)
    }

    fn operand(&mut self) -> Result<Expression> {
        let Some(token) = self.peek().filter(|token| begins_operand(token.kind)) else { return Err(self.no_operand()) };
        self.next += 1;
        match token.kind {
            Kind::Open => self.group(token.range),
            Kind::Name => self.field(token.range).map(Expression::Term),
            _ => {
                let raw = self.raw(token)?;
                self.count(raw.range.clone())?;
                Ok(Expression::Term(Term::Text(raw.into_text())))
            }
        }
    }

    fn group(&mut self, open: Range<usize>) -> Result<Expression> {
        let inner = self.deeper(open.clone(), Self::any)?;
        self.take(Kind::Close).ok_or_else(|| self.wrong(open, Problem::UnclosedParenthesis))?;
        Ok(inner)
    }

    fn deeper(&mut self, at: Range<usize>, inner: fn(&mut Self) -> Result<Expression>) -> Result<Expression> {
        if self.depth == DEEPEST {
            return Err(self.wrong(at, Problem::TooDeep));
        }
        self.depth += 1;
        let inner = inner(self);
        self.depth -= 1;
        inner
    }

    /// `name` is that of a field, with its colon.
    fn field(&mut self, name: Range<usize>) -> Result<Term> {
        let typed = &self.text[name.start..name.end - 1];
        let Some(field) = Field::named(typed) else {
            let nearest = nearest(typed, Field::all().map(Field::name));
            let problem = Problem::UnknownField { name: shortened(typed), nearest };
            return Err(self.wrong(name.start..name.end - 1, problem));
        };
        let (first, others) = self.values(field, &name)?;
        if let Some(second) = others.first().filter(|_| !field.takes_several()) {
            return Err(self.wrong(second.range.clone(), Problem::OneValue { field }));
        }
        for value in std::iter::once(&first).chain(&others) {
            self.count(value.range.clone())?;
        }
        if field == Field::Similarity {
            self.similarities.push(name.start..first.range.end);
        }
        values::term(field, first, others).map_err(|(range, problem)| self.wrong(range, problem))
    }

    /// What stands right behind the name: one value, or several in parentheses.
    fn values(&mut self, field: Field, name: &Range<usize>) -> Result<(Raw<'a>, Vec<Raw<'a>>)> {
        let Some(token) = self.peek().filter(|token| token.range.start == name.end && token.kind != Kind::Close) else {
            return Err(self.wrong(name.clone(), Problem::MissingValue { field }));
        };
        self.next += 1;
        if token.kind != Kind::Open {
            return Ok((self.raw(token)?, Vec::new()));
        }
        let open = token.range;
        let first = self.listed(field, &open)?;
        let mut others = Vec::new();
        while self.take(Kind::Close).is_none() {
            if self.take(Kind::Or).is_none() {
                return Err(self.no_list(field, &open));
            }
            others.push(self.listed(field, &open)?);
        }
        Ok((first, others))
    }

    fn listed(&mut self, field: Field, open: &Range<usize>) -> Result<Raw<'a>> {
        match self.peek() {
            Some(token) if matches!(token.kind, Kind::Word | Kind::Phrase { .. }) => {
                self.next += 1;
                self.raw(token)
            }
            _ => Err(self.no_list(field, open)),
        }
    }

    fn no_list(&self, field: Field, open: &Range<usize>) -> SyntaxError {
        match self.peek() {
            None => self.wrong(open.clone(), Problem::UnclosedParenthesis),
            Some(token) if token.kind == Kind::Close && token.range.start == open.end => {
                self.wrong(open.start..token.range.end, Problem::MissingValue { field })
            }
            Some(token) => self.wrong(token.range, Problem::List { field }),
        }
    }

    fn raw(&self, token: Token) -> Result<Raw<'a>> {
        let typed = &self.text[token.range.clone()];
        let range = token.range;
        let Kind::Phrase { closed } = token.kind else {
            return Ok(Raw { says: Cow::Borrowed(typed), is_phrase: false, range });
        };
        if !closed {
            return Err(self.wrong(range, Problem::UnclosedPhrase));
        }
        let says = scan::unescaped(typed);
        if says.trim().is_empty() {
            return Err(self.wrong(range, Problem::EmptyPhrase));
        }
        if self.text[range.end..].starts_with('*') {
            return Err(self.wrong(range.end..range.end + 1, Problem::PhrasePrefix));
        }
        Ok(Raw { says, is_phrase: true, range })
    }

    /// What is wrong where an operand should stand.
    fn no_operand(&self) -> SyntaxError {
        let before = self.next.checked_sub(1).and_then(|last| self.tokens.get(last));
        let here = self.peek();
        let operator = |token: &Token| token_operator(token.kind).map(|operator| (token.range.clone(), operator));
        if let Some((range, operator)) = before.and_then(operator) {
            return self.wrong(range, Problem::MissingAfter { operator });
        }
        if let Some((range, operator)) = here.as_ref().and_then(operator) {
            return self.wrong(range, Problem::MissingBefore { operator });
        }
        match (before, here) {
            (Some(open), Some(close)) => self.wrong(open.range.start..close.range.end, Problem::EmptyParentheses),
            (Some(open), None) => self.wrong(open.range.clone(), Problem::UnclosedParenthesis),
            (None, here) => self.wrong(here.map_or(0..0, |token| token.range), Problem::StrayParenthesis),
        }
    }

    /// It is the engines' threshold, which makes no sense as one of several alternatives.
    fn check_similarity(&self, query: &Query) -> Result<()> {
        let at_top = query.conditions().iter().filter(|it| matches!(it, Expression::Term(Term::Similarity(_)))).count();
        match self.similarities.as_slice() {
            [] => Ok(()),
            [_] if at_top == 1 => Ok(()),
            [.., last] => Err(self.wrong(last.clone(), Problem::SimilarityInside)),
        }
    }

    fn count(&mut self, at: Range<usize>) -> Result<()> {
        self.terms += 1;
        if self.terms > MOST_TERMS { Err(self.wrong(at, Problem::TooManyTerms)) } else { Ok(()) }
    }

    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.next).cloned()
    }

    fn take(&mut self, kind: Kind) -> Option<Token> {
        let token = self.peek().filter(|token| token.kind == kind)?;
        self.next += 1;
        Some(token)
    }

    fn wrong(&self, bytes: Range<usize>, problem: Problem) -> SyntaxError {
        SyntaxError::new(self.text, bytes, problem)
    }
}

fn begins_operand(kind: Kind) -> bool {
    !matches!(kind, Kind::Close | Kind::And | Kind::Or)
}

fn token_operator(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::And => Some("AND"),
        Kind::Or => Some("OR"),
        Kind::Not => Some("NOT"),
        _ => None,
    }
}
