//! What the cloud room complains about: reaching the API, keys, answers. Words only.

use crate::diag::codes;

codes! {
    "cnx::cloud";
    AUTHENTICATION = error("authentication", "the API does not accept the key");
    READ_ONLY_KEY = error("read_only_key", "the key may only read");
    PERMISSION = error("permission", "the key may not do this");
    UNREACHABLE = error("unreachable", "the API can't be reached");
    UNTRUSTED = error("untrusted", "no trusted connection to the API");
    INTERRUPTED = error("interrupted", "the API did not answer to the end");
    RATE_LIMITED = error("rate_limited", "the rate limit allows no more requests for now");
    BAD_ANSWER = error("bad_answer", "the API gave an answer that cnx does not understand");
    SERVER_ERROR = error("server_error", "the API failed");
    REFUSED = error("refused", "the API refused the request");
    NOT_FOUND = error("not_found", "the API does not know it");
    NO_CAPACITY = error("no_capacity", "the region has no room for it");
    NOT_POSSIBLE = error("not_possible", "the request can't be written");
    NO_KEY = error("no_key", "there is no API key for this target");
    LIVE_KEY = error("live_key_elsewhere", "a live key on a target that is not production");
    TEST_KEY = warning("test_key_on_production", "a test key on production");
    BAD_KEY = error("bad_key", "the API key holds characters that no key has");
    CREDENTIALS = error("credentials_file", "the credentials file can't be used");
    BAD_URL = error("bad_url", "the URL of a surface can't be used");
}
