//! What the cloud room complains about: reaching the API, keys, answers. Words only.

use crate::diag::Code;

pub const AUTHENTICATION: Code = Code::error("cnx::cloud::authentication", "The API does not accept the key");
pub const PERMISSION: Code = Code::error("cnx::cloud::permission", "The key may not do this");
pub const UNREACHABLE: Code = Code::error("cnx::cloud::unreachable", "The API can't be reached");
pub const UNTRUSTED: Code = Code::error("cnx::cloud::untrusted", "No trusted connection to the API");
pub const NO_NETWORK: Code = Code::error("cnx::cloud::no_network", "This machine can't make secure connections");
pub const INTERRUPTED: Code = Code::error("cnx::cloud::interrupted", "The API did not answer to the end");
pub const RATE_LIMITED: Code =
    Code::error("cnx::cloud::rate_limited", "The rate limit allows no more requests for now");
pub const BAD_ANSWER: Code =
    Code::error("cnx::cloud::bad_answer", "The API gave an answer that cnx does not understand");
pub const SERVER_ERROR: Code = Code::error("cnx::cloud::server_error", "The API failed");
pub const REFUSED: Code = Code::error("cnx::cloud::refused", "The API refused the request");
pub const NOT_FOUND: Code = Code::error("cnx::cloud::not_found", "The API does not know it");
pub const NO_CAPACITY: Code = Code::error("cnx::cloud::no_capacity", "The region has no room for it");
pub const NOT_POSSIBLE: Code = Code::error("cnx::cloud::not_possible", "The request can't be written");
pub const NO_KEY: Code = Code::error("cnx::cloud::no_key", "There is no API key for this target");
pub const LIVE_KEY: Code =
    Code::error("cnx::cloud::live_key_elsewhere", "A live key on a target that is not production");
pub const TEST_KEY: Code = Code::warning("cnx::cloud::test_key_on_production", "A test key on production");
pub const BAD_KEY: Code = Code::error("cnx::cloud::bad_key", "The API key holds characters that no key has");
pub const CREDENTIALS: Code = Code::error("cnx::cloud::credentials_file", "The credentials file can't be used");
pub const BAD_URL: Code = Code::error("cnx::cloud::bad_url", "The URL of a surface can't be used");
