//! Every complaint that checking can make. Codes and titles never change.

use crate::diag::codes;

codes! {
    "cnx::program";
    UNKNOWN_NAME = error("unknown_name", "unknown name");
    UNKNOWN_KIND = error("unknown_kind", "unknown kind");
    UNKNOWN_RESOURCE = error("unknown_resource", "reference to an undeclared resource");
    UNKNOWN_ATTRIBUTE = error("unknown_attribute", "unknown attribute");
    UNKNOWN_MEMBER = error("unknown_member", "unknown member");
    UNKNOWN_FUNCTION = error("unknown_function", "unknown function");
    UNKNOWN_TYPE = error("unknown_type", "unknown type");
    UNKNOWN_SETTING = error("unknown_setting", "unknown setting");
    WRONG_TYPE = error("wrong_type", "wrong type");
    WRONG_LITERAL = error("wrong_literal", "not one of the allowed values");
    WRONG_ID = error("wrong_id", "the id of another kind");
    WRONG_ARGUMENTS = error("wrong_arguments", "wrong arguments");
    MAYBE_NULL = error("maybe_null", "value may be null");
    MIXED_TYPES = error("mixed_types", "types do not go together");
    MISSING_ATTRIBUTE = error("missing_attribute", "missing attribute");
    MISSING_MEMBER = error("missing_member", "missing member");
    COMPUTED_ATTRIBUTE = error("computed_attribute", "attribute is computed");
    DUPLICATE = error("duplicate", "declared twice");
    CYCLE = error("cycle", "declarations depend on each other");
    SHADOWING = error("shadowing", "name is taken");
    INVALID_VALUE = error("invalid_value", "value is not allowed");
    UNUSUAL_VALUE = warning("unusual_value", "value looks unusual");
    UNUSED = warning("unused", "never used");
    DEPRECATED = warning("deprecated", "deprecated");
    UNKNOWN_PROVIDER = error("unknown_provider", "there is no such provider");
    FOREIGN_NAME = error("foreign_name", "name from another tool");
    NOT_HERE = error("not_here", "reference not possible here");
    WRONG_LOOP = error("wrong_loop", "loop over something that has no keys");
    TOO_COMPLEX = error("too_complex", "type too large");
    TOO_DEEP = error("too_deep", "functions use each other too deep");
    SECRET_OUTPUT = error("secret_output", "secret reaches a plain output");
    SECRET_KEY = error("secret_key", "secret as a key");
    SECRET_DECIDES = error("secret_decides", "secret decides what exists");
    SECRET_SHOWN = error("secret_shown", "secret would be shown");
    WRONG_VERSION = error("wrong_version", "version demand not met");
    NO_MODULE = error("no_module", "module cannot be used");
    MODULE_RING = error("module_ring", "modules use each other");
    UNKNOWN_ARGUMENT = error("unknown_argument", "unknown parameter of a module");
    MISSING_ARGUMENT = error("missing_argument", "parameter of a module is missing");
    ROOT_ONLY = error("root_only", "declaration belongs to the project's folder");
}
