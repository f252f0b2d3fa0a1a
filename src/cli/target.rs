//! Which cloud a run speaks to: from settings to a client, its description, and the mark that a state carries of it.

use super::exit::Failure;
use super::http_log::{Logged, Outputs};
use super::shell::Shell;
use super::{codes, emulator};
use crate::cloud::{Client, Endpoint, Hosts, Wishes, endpoints, local_endpoints};
use crate::desired::{Settings, Target};
use crate::diag::{Diagnostic, Diagnostics};
use crate::emulator::local::LocalEmulator;
use crate::emulator::{Config, Now};
use crate::model::{Ident, hex};
use crate::provider::Catalog;
use crate::report::Writer;
use crate::state::{Pin, Snapshot};
use crate::world::{InProcess, Network, Transport};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Documented times are divided by this on the embedded emulator (`design: cli`, "Which cloud").
const LOCAL_SPEED: u32 = 100;

/// A cloud that can be spoken to.
#[derive(Debug)]
pub struct Reached {
    pub client: Arc<Client>,
    /// `local emulator`, `sandbox`, `production`.
    pub shown: String,
    /// How many times faster than documented it works.
    pub speed: u32,
    endpoints: Vec<Endpoint>,
    /// Known without a request, for the embedded emulator.
    account: Option<String>,
}

/// What a run is going to do there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only looks; leaves nothing behind on this machine.
    Look,
    Change,
}

/// Makes the client; sends nothing. `needed` are the surfaces that program and state use.
pub fn reach(
    shell: &mut Shell,
    catalog: &Arc<Catalog>,
    settings: &Settings,
    needed: BTreeSet<Ident>,
    access: Access,
) -> Result<Reached, Failure> {
    match settings.target {
        Target::Local => local(shell, catalog, access),
        Target::Sandbox => remote(shell, catalog, settings, Hosts::Sandbox, needed),
        Target::Production => remote(shell, catalog, settings, Hosts::Production, needed),
    }
}

fn local(shell: &mut Shell, catalog: &Arc<Catalog>, access: Access) -> Result<Reached, Failure> {
    let folder = emulator::folder(shell);
    let now = Now { unix_ms: shell.world.clock.now().0 };
    let emulator = if access == Access::Look && !shell.world.files.exists(&folder) {
        LocalEmulator::in_memory(Config::local(), now)
    } else {
        LocalEmulator::open(Config::local(), &folder, now).map_err(|error| {
            let help = "`cnx emulator reset` begins anew; a damaged folder may be removed";
            Failure::from(Diagnostic::new(&codes::EMULATOR, format!("{}: {error}", folder.display())).help(help))
        })?
    };
    shell.say(&format!("local emulator in {}", folder.display()));
    let account = Some(emulator.account_id());
    let transport: Arc<dyn Transport> = Arc::new(InProcess::new(emulator, Arc::clone(&shell.world.clock)));
    let endpoints = local_endpoints(catalog);
    let client = client(shell, catalog, endpoints.clone(), transport)?;
    Ok(Reached { client, shown: "local emulator".to_owned(), speed: LOCAL_SPEED, endpoints, account })
}

fn remote(
    shell: &mut Shell,
    catalog: &Arc<Catalog>,
    settings: &Settings,
    hosts: Hosts,
    needed: BTreeSet<Ident>,
) -> Result<Reached, Failure> {
    let wishes = Wishes {
        hosts,
        urls: settings.urls.clone(),
        requests_per_minute: settings.requests_per_minute,
        max_wait: settings.max_wait,
        needed: needed.clone(),
        allow_live_key: settings.allow_live_key,
    };
    let files = Arc::clone(&shell.world.files);
    let (endpoints, found) = endpoints(catalog, &wishes, &shell.world.environment, files.as_ref());
    if found.has_errors() {
        return Err(found.into());
    }
    shell.complain(&found);
    // A key may be good for a surface that this run never asks.
    let is_asked = |endpoint: &&Endpoint| needed.is_empty() || needed.contains(&endpoint.surface);
    let hosts_shown: BTreeSet<&str> = endpoints.iter().filter(is_asked).map(Endpoint::host).collect();
    shell.say(&format!("{} at {}", hosts.as_str(), hosts_shown.into_iter().collect::<Vec<_>>().join(", ")));
    let network =
        Network::new().map_err(|error| {
            Failure::from(Diagnostic::new(&codes::NO_NETWORK, error.to_string()).help(
                "install the certificates of the system (ca-certificates), or name a file of them in SSL_CERT_FILE",
            ))
        })?;
    let speed = speed(settings, &endpoints)?;
    let client = client(shell, catalog, endpoints.clone(), Arc::new(network))?;
    Ok(Reached { client, shown: hosts.as_str().to_owned(), speed, endpoints, account: None })
}

/// Waits are shortened for an emulator on this machine alone: of the real cloud nothing says that it is faster.
fn speed(settings: &Settings, endpoints: &[Endpoint]) -> Result<u32, Failure> {
    let Some(speed) = settings.speed else { return Ok(1) };
    if endpoints.iter().all(|endpoint| endpoint.origin.starts_with("http://")) {
        return Ok(speed);
    }
    let help = "take `speed` out of the provider settings, or give the URLs of an emulator on this machine";
    Err(Diagnostic::new(&codes::BAD_ARGUMENT, "`speed` is for emulators").help(help).into())
}

fn client(
    shell: &Shell,
    catalog: &Arc<Catalog>,
    endpoints: Vec<Endpoint>,
    transport: Arc<dyn Transport>,
) -> Result<Arc<Client>, Failure> {
    let (clock, random) = (Arc::clone(&shell.world.clock), Arc::clone(&shell.world.random));
    let outputs = Outputs { lines: shell.global.verbose.then(Writer::stderr), trace: trace(shell)? };
    let transport = if outputs.lines.is_some() || outputs.trace.is_some() {
        Arc::new(Logged::new(transport, Arc::clone(&clock), shell.secrets.clone(), outputs)) as Arc<dyn Transport>
    } else {
        transport
    };
    let client = Client::new(Arc::clone(catalog), endpoints, transport, clock, random);
    Ok(Arc::new(client.discreet(shell.secrets.clone())))
}

/// The file of `--trace`, begun anew.
fn trace(shell: &Shell) -> Result<Option<Writer>, Failure> {
    let Some(path) = &shell.global.trace else { return Ok(None) };
    let begun = shell.world.files.begin(&shell.global.directory.join(path)).map_err(|error| {
        let help = "check the folder's permissions and the disk";
        Failure::from(Diagnostic::new(&codes::UNWRITABLE, error.to_string()).help(help))
    })?;
    Ok(Some(Writer::new(begun)))
}

impl Reached {
    /// Whose keys these are, of the surfaces at which creates are open: what a key does not see is not taken for not made.
    pub async fn know_keys_of(&self, snapshot: &Snapshot, catalog: &Catalog) -> Result<(), Failure> {
        let kinds = snapshot.open.values().filter_map(|open| catalog.kind(&open.intent.kind));
        let surfaces: BTreeSet<&Ident> = kinds.map(|kind| &kind.surface).collect();
        let has_key = |surface: &Ident| self.endpoints.iter().any(|one| one.surface == *surface && one.key.is_some());
        for surface in surfaces.into_iter().filter(|surface| has_key(surface)) {
            self.client.known_account(surface).await.map_err(|error| error.diagnostic())?;
        }
        Ok(())
    }

    /// Which cloud it is: URLs, and the account behind the key (or, where the API does not tell, a fingerprint of the key).
    pub async fn pin(&self) -> Result<Pin, Failure> {
        let urls = self
            .endpoints
            .iter()
            .map(|endpoint| (endpoint.surface.clone(), format!("{}{}", endpoint.origin, endpoint.base_path)));
        let urls = urls.collect();
        if let Some(account) = &self.account {
            return Ok(Pin { urls, account: account.clone() });
        }
        let Some(first) = self.endpoints.first() else { return Ok(Pin { urls, account: String::new() }) };
        match self.client.known_account(&first.surface).await {
            Ok(Some(account)) => Ok(Pin { urls, account: account.id }),
            // Only what the API says of itself: an answer that was spoilt on its way must not bind a state to the key.
            Ok(None) => Ok(Pin { urls, account: fingerprint(first) }),
            Err(error) => Err(Failure::from(Diagnostics(vec![error.diagnostic()]))),
        }
    }
}

/// Tells keys apart without telling them.
fn fingerprint(endpoint: &Endpoint) -> String {
    let Some(key) = &endpoint.key else { return String::new() };
    let digest = Sha256::digest(key.expose().as_bytes());
    format!("key:{}", hex(&digest[..8]))
}
