//! Queries that only filter find the same media in both engines, and those that looking at every row finds.

use chrono::{SubsecRound, Utc};
use kaleidoscope_console::{
    access::{Operator, Role},
    db::MIGRATOR,
    elastic::Elastic,
    search::{
        Engine, SearchQuery, Sort,
        language::{
            Count, CountField, Expression, IdField, Moment, OneOrMore, Part, Query, State, Term, Text, TextField,
            TimeField, Unit, Value,
        },
        search,
    },
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sqlx::PgPool;

use crate::{
    database::Database,
    loaded::load,
    node::Node,
    rows::{operator, work_off},
    scan::Rows,
};

const QUERIES: usize = 2_000;
const PAGE: u32 = 50;
/// How many are read to their end; of the others the first page and the total say enough.
const READ_TO_THE_END: usize = 50;

/// Of words, values and numbers as rows have them, and of some that none has.
struct Author<'a> {
    random: StdRng,
    rows: &'a Rows,
}

impl Author<'_> {
    fn query(&mut self) -> Query {
        Query::from(self.expression(3))
    }

    fn expression(&mut self, depth: u32) -> Expression {
        let kind = if depth == 0 { 9 } else { self.random.random_range(0..10) };
        match kind {
            0 | 1 => Expression::all(self.expression(depth - 1), [self.expression(depth - 1)]),
            2 | 3 => Expression::any(self.expression(depth - 1), [self.expression(depth - 1)]),
            4 => !self.expression(depth - 1),
            _ => Expression::Term(self.term()),
        }
    }

    fn term(&mut self) -> Term {
        match self.random.random_range(0..12) {
            0..=5 => {
                let field = *TextField::ALL.choose(&mut self.random).expect("a field");
                Term::Field { field, any_of: self.some(|author| author.value(field)) }
            }
            6 => {
                let field = *IdField::ALL.choose(&mut self.random).expect("a field");
                let most = i64::try_from(self.rows.all.len()).expect("a few");
                Term::Id { field, any_of: self.some(|author| author.random.random_range(1..=most)) }
            }
            7 => Term::Is(self.some(|author| *State::ALL.choose(&mut author.random).expect("a state"))),
            8 => Term::Has(self.some(|author| *Part::ALL.choose(&mut author.random).expect("a part"))),
            9 | 10 => {
                let field = *CountField::ALL.choose(&mut self.random).expect("a field");
                let n = self.random.random_range(0..4);
                let counts = [
                    Count::Exactly(n),
                    Count::MoreThan(n),
                    Count::AtLeast(n),
                    Count::LessThan(n + 1),
                    Count::AtMost(n),
                    Count::Between(n, n + 2),
                    Count::MoreThan(u32::MAX),
                    Count::AtMost(u32::MAX),
                ];
                Term::Count { field, count: *counts.choose(&mut self.random).expect("a count") }
            }
            _ => self.time(),
        }
    }

    fn some<T>(&mut self, mut one: impl FnMut(&mut Self) -> T) -> OneOrMore<T> {
        let first = one(self);
        let others: Vec<T> = (0..self.random.random_range(0..3) / 2).map(|_| one(self)).collect();
        OneOrMore::new(first, others)
    }

    fn time(&mut self) -> Term {
        let field = *TimeField::ALL.choose(&mut self.random).expect("a field");
        let row = self.rows.all.choose(&mut self.random).expect("a row");
        let day = row.created_at.date_naive();
        let moments = [
            Moment::Day(day),
            Moment::Ago { amount: self.random.random_range(0..400), unit: Unit::Days },
            Moment::Ago { amount: self.random.random_range(0..12), unit: Unit::Months },
            Moment::Today,
        ];
        Term::Time { field, moment: *moments.choose(&mut self.random).expect("a moment") }
    }

    fn value(&mut self, field: TextField) -> Value {
        let row = self.rows.all.choose(&mut self.random).expect("a row");
        let names: Vec<&Vec<String>> = self.rows.names.values().collect();
        let own = match field {
            TextField::Tag => row.ai_tags.choose(&mut self.random).cloned(),
            TextField::Scene => row.ai_scenes.choose(&mut self.random).cloned(),
            TextField::Caption | TextField::Title => row.ai_caption.clone(),
            TextField::Person | TextField::Uploader if self.random.random_bool(0.1) => return Value::Me,
            TextField::Person | TextField::Uploader => {
                names.choose(&mut self.random).and_then(|names| names.choose(&mut self.random)).cloned()
            }
            TextField::Department => row.uploader_department.clone(),
            TextField::Event => Some("beach_party".to_owned()),
            TextField::Category => None,
        };
        let own: String = own.unwrap_or_else(|| "nowhere".into()).chars().take(60).collect();
        let word = own.split_whitespace().next().unwrap_or("sea").to_owned();
        let begun: String = word.chars().take(self.random.random_range(1..5)).collect();
        Value::Text(match self.random.random_range(0..4) {
            0 => Text::Prefix(begun),
            1 | 2 => Text::Phrase(own),
            _ => Text::Word(word),
        })
    }
}

/// The first pages, newest first
async fn found(
    pool: &PgPool,
    elastic: Option<&Elastic>,
    by: &Operator,
    text: &str,
    pages: usize,
) -> (Engine, i64, Vec<i64>) {
    let mut query = SearchQuery { text: text.into(), sort: Sort::Newest, limit: PAGE, ..SearchQuery::default() };
    let mut media = Vec::new();
    for left in (0..pages).rev() {
        let page = search(pool, elastic, by, &query).await.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(page.problem.is_none(), "{text}: {:?}", page.problem);
        media.extend(page.hits.iter().map(|hit| hit.media_id.0));
        query.after = page.next;
        if query.after.is_none() || left == 0 {
            return (page.engine, page.total, media);
        }
    }
    panic!("no page was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_the_same_in_both_engines_and_by_looking_at_every_row() {
    let database = Database::create("kaleidoscope_search_agreement").await;
    load(&database, 500, "http://127.0.0.1:8900");
    let db = database.pool().await;
    MIGRATOR.run(&db).await.expect("migrated");
    let node = Node::new();
    work_off(&db, Some(&node.elastic)).await;
    // Nobody but the platform's backend counts these, and gives categories.
    for sql in [
        "update read_model_media_search set reaction_count = media_id % 5, comment_count = nullif(media_id % 4, 3)",
        "update read_model_post_search set categories = array['Fun', 'New York', ''] where post_id % 3 = 0",
    ] {
        sqlx::query(sql).execute(&db).await.expect(sql);
    }
    work_off(&db, Some(&node.elastic)).await;
    node.ids("media_search").await;
    sqlx::query("update read_model_media_search set comment_count = 0 where comment_count is null")
        .execute(&db)
        .await
        .expect("0");

    let (admin, pool) = operator(&db, "admin", Role::Admin).await;
    let rows = Rows::of(&db, admin.user_id.0).await;
    let mut author = Author { random: StdRng::seed_from_u64(5), rows: &rows };
    let (mut some, mut by_elasticsearch) = (0, 0);
    // Text that can't be written is no query.
    let readable = std::iter::repeat_with(|| author.query().to_string())
        .filter_map(|text| text.parse::<Query>().ok().map(|query| (text, query)));
    let mut compared = 0;
    for (number, (text, query)) in readable.enumerate() {
        if compared == QUERIES {
            break;
        }
        let expected = rows.found(&query, Utc::now().trunc_subsecs(3));
        let total = i64::try_from(expected.len()).expect("a few");
        let pages = if number % (QUERIES / READ_TO_THE_END) == 0 { usize::MAX } else { 1 };
        let (engine, in_elastic, elastic) = found(&pool, Some(&node.elastic), &admin, &text, pages).await;
        let (_, in_postgresql, postgresql) = found(&pool, None, &admin, &text, pages).await;
        let shown = &expected[..expected.len().min(pages.saturating_mul(PAGE as usize))];
        // Nothing to look for finds nothing, which is said.
        if expected.len() == rows.all.len() && in_postgresql == 0 && in_elastic == 0 {
            continue;
        }
        compared += 1;
        assert_eq!((in_postgresql, &postgresql), (total, &shown.to_vec()), "{text} in PostgreSQL");
        assert_eq!((in_elastic, &elastic), (total, &shown.to_vec()), "{text} in Elasticsearch");
        some += usize::from(!expected.is_empty() && expected.len() < rows.all.len());
        by_elasticsearch += usize::from(engine == Engine::Elasticsearch);
    }
    assert!(some > QUERIES / 2, "{some} say something");
    assert!(by_elasticsearch > QUERIES * 9 / 10, "{by_elasticsearch} were answered by Elasticsearch");
    node.clear().await;
    pool.close().await;
    db.close().await;
}
