//! Complaints as workflow commands of GitHub Actions: annotations at their lines. Knows no command.

use super::escape;
use super::sarif::sentence;
use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::model::{SourceMap, Span};

/// One line for each complaint.
pub fn commands(all: &Diagnostics, sources: &SourceMap) -> String {
    all.0.iter().map(|one| command(one, sources) + "\n").collect()
}

fn command(one: &Diagnostic, sources: &SourceMap) -> String {
    let word = match one.code.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut properties = Vec::new();
    if let Some(label) = &one.primary {
        let (line, column) = sources.line_column(label.span);
        let (end_line, end_column) = sources.line_column(Span { start: label.span.end, ..label.span });
        properties.push(format!("file={}", property(&sources.file(label.span.file).name)));
        properties.push(format!("line={line},endLine={end_line}"));
        if line == end_line {
            properties.push(format!("col={column},endColumn={end_column}"));
        }
    }
    properties.push(format!("title={}", property(one.code.id)));
    format!("::{word} {}::{}", properties.join(","), data(&sentence(one)))
}

/// A command's text: what would end the line, or begin an escape, is encoded.
fn data(text: &str) -> String {
    escape::clean(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")).into_owned()
}

/// A property's value: also what would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;

    static CODE: Code = Code::error("cnx::test::bad", "bad: 100%");

    #[test]
    fn what_would_break_the_command_is_encoded() {
        let mut sources = SourceMap::default();
        let file = sources.add("a,b:c%.cnx", "one\ntwo three\n");
        let one = Diagnostic::new(&CODE, "first\r\nsecond::x").at(Span::new(file, 8, 13), "").help("do");
        let text = commands(&Diagnostics(vec![one, Diagnostic::new(&CODE, "")]), &sources);
        assert_eq!(
            text,
            "::error file=a%2Cb%3Ac%25.cnx,line=2,endLine=2,col=5,endColumn=10,title=cnx%3A%3Atest%3A%3Abad::\
             bad: 100%25: first%0D%0Asecond::x. Help: do\n::error title=cnx%3A%3Atest%3A%3Abad::bad: 100%25\n"
        );
    }
}
