//! What the cloud room complains about: reaching the API, keys, answers. Words only.

use crate::diag::Code;

pub const AUTHENTICATION: Code = Code::error("cnx::cloud::authentication", "the API does not accept the key");
pub const PERMISSION: Code = Code::error("cnx::cloud::permission", "the key may not do this");
pub const UNREACHABLE: Code = Code::error("cnx::cloud::unreachable", "the API can't be reached");
pub const UNTRUSTED: Code = Code::error("cnx::cloud::untrusted", "no trusted connection to the API");
pub const NO_NETWORK: Code = Code::error("cnx::cloud::no_network", "this machine can't make secure connections");
pub const INTERRUPTED: Code = Code::error("cnx::cloud::interrupted", "the API did not answer to the end");
pub const RATE_LIMITED: Code =
    Code::error("cnx::cloud::rate_limited", "the rate limit allows no more requests for now");
pub const BAD_ANSWER: Code =
    Code::error("cnx::cloud::bad_answer", "the API gave an answer that cnx does not understand");
pub const SERVER_ERROR: Code = Code::error("cnx::cloud::server_error", "the API failed");
pub const REFUSED: Code = Code::error("cnx::cloud::refused", "the API refused the request");
pub const NOT_FOUND: Code = Code::error("cnx::cloud::not_found", "the API does not know it");
pub const NO_CAPACITY: Code = Code::error("cnx::cloud::no_capacity", "the region has no room for it");
pub const NOT_POSSIBLE: Code = Code::error("cnx::cloud::not_possible", "the request can't be written");
pub const NO_KEY: Code = Code::error("cnx::cloud::no_key", "there is no API key for this target");
pub const LIVE_KEY: Code =
    Code::error("cnx::cloud::live_key_elsewhere", "a live key on a target that is not production");
pub const TEST_KEY: Code = Code::warning("cnx::cloud::test_key_on_production", "a test key on production");
pub const BAD_KEY: Code = Code::error("cnx::cloud::bad_key", "the API key holds characters that no key has");
pub const CREDENTIALS: Code = Code::error("cnx::cloud::credentials_file", "the credentials file can't be used");
pub const BAD_URL: Code = Code::error("cnx::cloud::bad_url", "the URL of a surface can't be used");
