//! This process towards the machine: what it leaves of its memory, and what is said when it breaks.

/// Nothing of the memory reaches a core file or another process of the same user: keys are in it. Where the system
/// refuses, cnx goes on without.
#[cfg(target_os = "linux")]
pub fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// No core file.
#[cfg(all(unix, not(target_os = "linux")))]
pub fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

#[cfg(not(unix))]
pub fn keep_memory_private() {}

/// From now on a panic is told by this and by nothing else. It is given what was said, and where in the source.
pub fn on_panic(tell: impl Fn(&str, &str) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload_as_str().unwrap_or("no words");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tell(said, &place);
    }));
}
