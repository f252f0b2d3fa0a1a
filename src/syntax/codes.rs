//! What can be wrong with a text: the codes of this room, each with its fixed title.

use crate::diag::codes;

codes! {
    "cnx::syntax";
    TOO_LARGE = error("file_too_large", "the file is larger than 16 MiB");
    TOO_DEEP = error("nesting_too_deep", "nested too deeply");
    STRING_TOO_LONG = error("string_too_long", "a string is longer than 1 MiB");
    NUMBER_TOO_LONG = error("number_too_long", "a number has too many digits");
    UNCLOSED_BRACKET = error("unclosed_bracket", "a bracket is never closed");
    STRAY_BRACKET = error("stray_bracket", "a closing bracket closes nothing");
    MISMATCHED_BRACKETS = error("mismatched_brackets", "a bracket is closed by one of another kind");
    UNCLOSED_STRING = error("unclosed_string", "a string is never closed");
    UNCLOSED_INTERPOLATION = error("unclosed_interpolation", "an interpolation is never closed");
    SINGLE_QUOTES = error("single_quotes", "a string in single quotes");
    SLASH_COMMENT = error("slash_comment", "a comment that does not begin with `#`");
    HEREDOC = error("heredoc", "a heredoc");
    TEMPLATE_DIRECTIVE = warning("template_directive", "a template directive of another language");
    FOREIGN_ESCAPE = warning("foreign_escape", "an escape of another language");
    SEMICOLON = error("semicolon", "a semicolon");
    UNEXPECTED_CHARACTER = error("unexpected_character", "a character that means nothing here");
    UNKNOWN_ESCAPE = error("unknown_escape", "an unknown escape in a string");
    MULTILINE_STRING = error("multiline_string", "a multi-line string is not laid out as one");
    BAD_NUMBER = error("bad_number", "not a number");
    EXPONENT = error("exponent", "a number in exponent form");
    BAD_DURATION = error("bad_duration", "not a duration");
    BAD_NAME = error("bad_name", "not a name");
    RESERVED_WORD = error("reserved_word", "a reserved word as a name");
    EXPECTED_EQUALS = error("expected_equals", "`=` is missing");
    COLON_FOR_EQUALS = error("colon_for_equals", "`:` where `=` belongs");
    EXPECTED_VALUE = error("expected_value", "a value is missing");
    EXPECTED_TYPE = error("expected_type", "a type is missing");
    EXPECTED_NAME = error("expected_name", "a name is missing");
    EXPECTED_TEXT = error("expected_text", "a text in double quotes is missing");
    EXPECTED_COLON = error("expected_colon", "`:` is missing");
    EXPECTED_ARROW = error("expected_arrow", "`=>` is missing");
    EXPECTED_WORD = error("expected_word", "a word of the declaration is missing");
    EXPECTED_BODY = error("expected_body", "`{` is missing");
    TRAILING = error("trailing", "something follows where the entry ends");
    UNEXPECTED = error("unexpected", "this cannot stand here");
    SINGLE_OPERATOR = error("single_operator", "a bitwise operator");
    WORD_OPERATOR = error("word_operator", "an operator written as a word");
    CHAINED_COMPARISON = error("chained_comparison", "chained comparisons");
    NOT_A_FUNCTION = error("not_a_function", "only a function's name can be called");
    NAMED_FIRST = error("positional_after_named", "a positional argument after a named one");
    NESTED_BLOCK = error("nested_block", "a nested block");
    NOT_A_DECLARATION = error("not_a_declaration", "not a declaration");
    FOREIGN_DECLARATION = error("foreign_declaration", "a declaration of another language");
    IF_EXPRESSION = error("if_expression", "`if` as an expression");
    COUNT = error("count", "`count` or `for_each` as an attribute");
    LITERAL_WANTED = error("literal_wanted", "a plain string is wanted here");
}
