//! Columns of text, aligned. Knows display width, nothing of what it shows.

use super::look::{Look, Role, columns_of, pad};

/// Rows under a head (an empty head is left out); the last column is not padded. Cells must be clean already.
pub fn table(head: &[&str], rows: &[Vec<String>], look: &Look) -> String {
    let columns = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            rows.iter()
                .filter_map(|row| row.get(at))
                .map(|cell| columns_of(cell))
                .chain(head.get(at).map(|text| columns_of(text)))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| pad(cell, *width)).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut out = String::new();
    if !head.is_empty() {
        out = look.paint(Role::Quiet, &line(&mut head.iter().copied())) + "\n";
    }
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
        out.push('\n');
    }
    out
}

/// `name  value`, one a line, values aligned.
pub fn pairs(rows: &[(String, String)], indent: &str) -> String {
    let widest = rows.iter().map(|(name, _)| columns_of(name)).max().unwrap_or(0);
    rows.iter().map(|(name, value)| format!("{indent}{}  {value}\n", pad(name, widest))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["server.web".to_owned(), "srv_1".to_owned()], vec!["中".to_owned(), String::new()]];
        assert_eq!(table(&["address", "id"], &rows, &Look::default()), "address     id\nserver.web  srv_1\n中\n");
    }
}
