//! Hits as lines of a file.

use serde_json::Value;

use super::{ExportFormat, pages::Row};
use crate::error::{Error, Result};

/// Between several values of a field.
const SEPARATOR: &str = "; ";

#[derive(Debug)]
pub(super) struct Lines {
    format: ExportFormat,
    columns: Vec<String>,
    has_head: bool,
}

impl Lines {
    /// # Errors
    /// `Invalid` for no column, one twice, and one that there is not.
    pub(super) fn new(format: ExportFormat, known: &[&str], columns: &[String]) -> Result<Self> {
        if columns.is_empty() {
            return Err(Error::Invalid("No column is chosen. Choose one at least.".into()));
        }
        for (place, column) in columns.iter().enumerate() {
            if !known.contains(&column.as_str()) {
                return Err(Error::Invalid(format!("There is no column {column}. There are {}.", known.join(", "))));
            }
            if columns[..place].contains(column) {
                return Err(Error::Invalid(format!("The column {column} is chosen twice.")));
            }
        }
        Ok(Self { format, columns: columns.to_vec(), has_head: false })
    }

    /// The next lines.
    pub(super) fn of(&mut self, rows: &[Row]) -> Result<Vec<u8>> {
        match self.format {
            ExportFormat::Csv => self.csv(rows).map_err(|error| Error::internal(unwritable(&error), error)),
            ExportFormat::Ndjson => self.ndjson(rows).map_err(|error| Error::internal(unwritable(&error), error)),
        }
    }

    fn csv(&mut self, rows: &[Row]) -> Result<Vec<u8>, csv::Error> {
        let mut page = Vec::new();
        {
            let mut writer = csv::Writer::from_writer(&mut page);
            if !self.has_head {
                writer.write_record(&self.columns)?;
                self.has_head = true;
            }
            for row in rows {
                writer.write_record(self.columns.iter().map(|column| row.get(column).map(cell).unwrap_or_default()))?;
            }
            writer.flush()?;
        }
        Ok(page)
    }

    fn ndjson(&self, rows: &[Row]) -> Result<Vec<u8>, serde_json::Error> {
        let mut page = Vec::new();
        for row in rows {
            // In the order that was chosen.
            for (place, column) in self.columns.iter().enumerate() {
                page.push(if place == 0 { b'{' } else { b',' });
                serde_json::to_writer(&mut page, column)?;
                page.push(b':');
                serde_json::to_writer(&mut page, row.get(column).unwrap_or(&Value::Null))?;
            }
            page.extend_from_slice(b"}\n");
        }
        Ok(page)
    }
}

pub(super) fn unwritable(error: &impl std::fmt::Display) -> String {
    format!("A hit can't be written: {error}.")
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text.clone()),
        Value::Array(values) => harmless(values.iter().map(plain).collect::<Vec<_>>().join(SEPARATOR)),
        other => other.to_string(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A spreadsheet takes what begins like this for a formula, and anybody may have written it.
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::search::Tab;

    fn lines(format: ExportFormat, columns: &[&str]) -> Lines {
        Lines::new(
            format,
            super::super::columns(Tab::Media),
            &columns.iter().map(ToString::to_string).collect::<Vec<_>>(),
        )
        .expect("columns")
    }

    fn row(value: &Value) -> Row {
        serde_json::from_value(value.clone()).expect("an object")
    }

    #[test]
    fn what_people_wrote_stays_in_its_cell() {
        let rows = [
            row(&json!({"mediaId": 7, "caption": "a \"b\", c\nd", "tags": ["=x", "y;z"]})),
            row(&json!({"mediaId": 8, "caption": "=cmd|'/c calc'!A1", "tags": []})),
        ];
        let mut csv = lines(ExportFormat::Csv, &["caption", "mediaId", "tags", "isVideo"]);
        let page = String::from_utf8(csv.csv(&rows[..1]).expect("a page")).expect("text");
        assert_eq!(page, "caption,mediaId,tags,isVideo\n\"a \"\"b\"\", c\nd\",7,'=x; y;z,\n");
        let page = String::from_utf8(csv.csv(&rows[1..]).expect("a page")).expect("text");
        assert_eq!(page, "'=cmd|'/c calc'!A1,8,,\n");
        let json = lines(ExportFormat::Ndjson, &["tags", "mediaId", "title"]).ndjson(&rows[..1]).expect("a page");
        assert_eq!(
            String::from_utf8(json).expect("text"),
            "{\"tags\":[\"=x\",\"y;z\"],\"mediaId\":7,\"title\":null}\n"
        );
    }

    #[test]
    fn columns_are_known_and_chosen_once() {
        for wrong in [&[][..], &["password"], &["tags", "tags"]] {
            let columns: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            assert!(
                matches!(
                    Lines::new(ExportFormat::Csv, super::super::columns(Tab::Media), &columns),
                    Err(Error::Invalid(_))
                ),
                "{wrong:?}"
            );
        }
    }
}
