//! Which key goes to which host.

use super::*;
use crate::provider::cloudnexus;
use std::io::{Error, Result};
use std::path::Path;

/// A disk with at most one file.
struct Disk(Option<std::result::Result<&'static str, ErrorKind>>);

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        assert_eq!(path, Path::new("/home/me/.config/cnx/credentials"));
        match self.0 {
            Some(Ok(text)) => Ok(text.as_bytes().to_vec()),
            Some(Err(kind)) => Err(Error::from(kind)),
            None => Err(Error::from(ErrorKind::NotFound)),
        }
    }

    fn list(&self, _: &Path) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn write(&self, _: &Path, _: &[u8], _: bool) -> Result<()> {
        Ok(())
    }

    fn create_folder(&self, _: &Path) -> Result<()> {
        Ok(())
    }

    fn exists(&self, _: &Path) -> bool {
        false
    }

    fn remove(&self, _: &Path) -> Result<()> {
        Ok(())
    }
}

const LIVE_COMPUTE: &str = "cn_live_sk_8f3a2b9c4d1e5f6a7b8c9d0e";
const LIVE: &str = "cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j";
const TEST: &str = "cnx_sk_test_admin0000000000000000";

/// `surface=origin key` of each endpoint, then the codes of the complaints.
fn found(hosts: Hosts, variables: &[(&str, &str)], disk: &Disk, urls: &[(&str, &str)]) -> Vec<String> {
    let mut environment = Environment::default();
    environment.0.insert("HOME".to_owned(), "/home/me".to_owned());
    environment.0.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let wishes = Wishes {
        hosts,
        urls: urls.iter().map(|(name, url)| (Ident::new(name), (*url).to_owned())).collect(),
        requests_per_minute: None,
        max_wait: None,
        needed: BTreeSet::from([Ident::new("platform")]),
        allow_live_key: false,
    };
    let (endpoints, diagnostics) = endpoints(cloudnexus(), &wishes, &environment, disk);
    let key = |endpoint: &Endpoint| endpoint.key.as_ref().map(|key| key.expose().to_owned()).unwrap_or_default();
    let endpoints =
        endpoints.iter().map(|endpoint| format!("{}={} {}", endpoint.surface, endpoint.origin, key(endpoint)));
    endpoints.chain(diagnostics.0.iter().map(|diagnostic| diagnostic.code.id.to_owned())).collect()
}

#[test]
fn keys_go_to_their_hosts_and_live_keys_nowhere_else() {
    let none = Disk(None);
    let production = |key: &str| format!("platform=https://api.cloudnexus.io {key}");
    let compute = |key: &str| format!("compute=https://api.cloudnexus.com {key}");
    let sandbox = |key: &str| format!("platform=https://api-sandbox.cloudnexus.io {key}");
    let both = "CLOUDNEXUS_API_KEY";
    type Row<'a> = (Hosts, &'a [(&'a str, &'a str)], Vec<String>);
    let rows: &[Row<'_>] = &[
        (Hosts::Production, &[], vec!["cnx::cloud::no_key".to_owned()]),
        (Hosts::Production, &[(both, LIVE)], vec![production(LIVE), compute(LIVE)]),
        (
            Hosts::Production,
            &[(both, LIVE), ("CLOUDNEXUS_COMPUTE_API_KEY", LIVE_COMPUTE)],
            vec![production(LIVE), compute(LIVE_COMPUTE)],
        ),
        (Hosts::Production, &[("CLOUDNEXUS_PLATFORM_API_KEY", LIVE)], vec![production(LIVE)]),
        (
            Hosts::Production,
            &[(both, TEST)],
            vec![production(TEST), compute(TEST), "cnx::cloud::test_key_on_production".to_owned()],
        ),
        (Hosts::Sandbox, &[(both, TEST)], vec![sandbox(TEST), compute(TEST)]),
        (Hosts::Sandbox, &[(both, LIVE)], vec!["cnx::cloud::live_key_elsewhere".to_owned()]),
        (Hosts::Sandbox, &[(both, "my own key")], vec!["cnx::cloud::bad_key".to_owned()]),
        (
            Hosts::Sandbox,
            &[(both, "of-no-known-shape")],
            vec![sandbox("of-no-known-shape"), compute("of-no-known-shape")],
        ),
    ];
    for (hosts, variables, wanted) in rows {
        assert_eq!(found(*hosts, variables, &none, &[]), *wanted, "{hosts:?} {variables:?}");
    }
}

#[test]
fn the_credentials_file_stands_behind_the_environment() {
    let file = Disk(Some(Ok(
        "# mine\nCLOUDNEXUS_COMPUTE_API_KEY = common\n[production]\nCLOUDNEXUS_API_KEY = \"live\"\n[sandbox]\nCLOUDNEXUS_API_KEY=test\n",
    )));
    let sandbox = "platform=https://api-sandbox.cloudnexus.io";
    assert_eq!(
        found(Hosts::Sandbox, &[], &file, &[]),
        [format!("{sandbox} test"), "compute=https://api.cloudnexus.com common".to_owned()]
    );
    let variable = [("CLOUDNEXUS_API_KEY", "given")];
    assert_eq!(found(Hosts::Sandbox, &variable, &file, &[])[0], format!("{sandbox} given"));

    for broken in [Disk(Some(Ok("no equals sign"))), Disk(Some(Err(ErrorKind::PermissionDenied)))] {
        assert_eq!(found(Hosts::Sandbox, &[], &broken, &[]), ["cnx::cloud::credentials_file", "cnx::cloud::no_key"]);
    }
}

#[test]
fn urls_may_be_set_and_must_be_safe() {
    let key = [("CLOUDNEXUS_API_KEY", TEST)];
    let to_emulator = [("platform_url", "http://127.0.0.1:4712/v1")];
    assert_eq!(
        found(Hosts::Sandbox, &key, &Disk(None), &to_emulator)[0],
        format!("platform=http://127.0.0.1:4712 {TEST}")
    );
    let to_elsewhere = [("platform_url", "http://api.example.com/v1")];
    assert_eq!(found(Hosts::Sandbox, &key, &Disk(None), &to_elsewhere)[1], "cnx::cloud::bad_url");
}
