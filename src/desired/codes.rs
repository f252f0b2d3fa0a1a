//! Every complaint that evaluation can make. Codes and titles never change.

use crate::diag::codes;

codes! {
    "cnx::desired";
    UNKNOWN_ENVIRONMENT = error("unknown_environment", "unknown environment");
    UNKNOWN_PARAM = error("unknown_param", "unknown parameter");
    MISSING_PARAM = error("missing_param", "parameter without a value");
    WRONG_PARAM = error("wrong_param", "parameter of the wrong type");
    FAILED_ASSERTION = error("failed_assertion", "assertion does not hold");
    NOT_KNOWN_YET = error("not_known_yet", "value is not known before apply");
    DUPLICATE_KEY = error("duplicate_key", "the same key twice");
    MISSING_KEY = error("missing_key", "no such key");
    DIVISION_BY_ZERO = error("division_by_zero", "division by zero");
    NUMBER_TOO_LARGE = error("number_too_large", "number too large");
    FUNCTION_FAILED = error("function_failed", "function cannot give a value");
    FILE_NOT_READ = error("file_not_read", "file cannot be read");
    WRONG_TEMPLATE = error("wrong_template", "template cannot be rendered");
    WRONG_VALUE = error("wrong_value", "value of the wrong type");
    LIMIT = error("limit", "limit reached");
    NO_OUTPUTS = error("no_outputs", "outputs of another project cannot be read");
}
