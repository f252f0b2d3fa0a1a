//! SSH keys: one for each fingerprint (contract.md 2.2).
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use super::call::{Call, Reply};
use super::capacity;
use super::collection::Facet;
use super::core::Emulator;
use super::errors::Refusal;
use super::fields::Fields;
use super::machines::{printable, save};
use super::object::{Body, Kind, SshKey, Status};
use super::patterns::is_public_key;
use super::tenant::Change;
use super::work::deleted;

/// Type and base64 data of a public key in OpenSSH's form.
fn parts(text: &str) -> Option<(&str, &str)> {
    let mut words = text.splitn(3, ' ');
    Some((words.next()?, words.next()?))
}

fn public_key(text: &str) -> Option<String> {
    (!is_public_key(text)).then(|| "must be a public key as OpenSSH writes it".to_owned())
}

/// `SHA256:…` of the key's data, as ssh-keygen prints it.
pub fn fingerprint(public_key: &str) -> SmolStr {
    let data = parts(public_key).map_or("", |(_, data)| data);
    let bytes = STANDARD.decode(data).unwrap_or_else(|_| data.as_bytes().to_vec());
    SmolStr::from(format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(bytes))))
}

/// `POST /ssh_keys`.
pub fn create(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut fields = Fields::of(&call.body, &["name", "public_key"], emulator.config.strict_bodies);
    let name = fields.required_text("name", printable);
    let public_key = fields.required_text("public_key", public_key);
    fields.finish()?;
    let fingerprint = fingerprint(&public_key);
    let tenant = emulator.tenant(call.environment);
    if let Some(other) = tenant.of(Kind::SshKey).first(&Facet::Unique(fingerprint.clone())) {
        return Err(Emulator::already_exists("This SSH key", &other.id));
    }
    capacity::check_quota(&emulator.config, tenant, Kind::SshKey)?;
    let body = Body::SshKey(Box::new(SshKey { public_key: public_key.to_string(), fingerprint }));
    let object = emulator.new_object(call, Kind::SshKey, name, SmolStr::default(), Status::Active, body);
    emulator.commit(call.environment, Change::Put(Box::new(object.clone())));
    Ok(emulator.object_reply(201, &object).with("Location", format!("/v1/ssh_keys/{}", object.id)))
}

/// `PATCH /ssh_keys/{key_id}`: the name.
pub fn update(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut fields = Fields::of(&call.body, &["name"], emulator.config.strict_bodies);
    let name = fields.required_text("name", printable);
    fields.finish()?;
    let object = emulator.named(call, Kind::SshKey, call.captured(0))?;
    emulator.check_etag(call, &object)?;
    let mut changed = object.clone();
    changed.name = name;
    Ok(save(emulator, call, object, changed))
}

/// `DELETE /ssh_keys/{key_id}`; machines made with it keep it.
pub fn delete(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let object = emulator.named(call, Kind::SshKey, call.captured(0))?;
    emulator.check_etag(call, &object)?;
    emulator.commit(call.environment, Change::Remove { kind: object.kind, id: object.id.clone() });
    Ok(deleted(&object.id))
}
