//! What a whole evaluation shares, planning and applying alike: settings, the scopes of all modules, file contents.

use super::elsewhere;
use super::inputs::{Files, OtherOutputs, OtherProject};
use super::origin::GivenBy;
use super::scope::{Scope, ScopeId};
use super::scopes::Scopes;
use super::types::Settings;
use crate::model::Secrets;
use crate::program::expr::Expr;
use crate::program::{Program, SecretsElsewhere};
use crate::provider::Catalog;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub struct World {
    pub environment: String,
    pub settings: OnceLock<Settings>,
    /// By what parameters of the project were given.
    pub given: GivenBy,
    pub catalog: Arc<Catalog>,
    scopes: Scopes,
    files: Files,
    pub other_outputs: OtherOutputs,
    pub elsewhere: Mutex<BTreeMap<OtherProject, elsewhere::Read>>,
    /// Secret outputs of other projects that the program was not marked with.
    pub unmarked: Mutex<SecretsElsewhere>,
    /// Not everything is given: what is missing (a parameter, another project) is unknown, and nothing is said of what hangs
    /// on it.
    pub partial: bool,
    contents: Mutex<BTreeMap<String, Content>>,
    templates: Mutex<BTreeMap<TemplateKey, Arc<Vec<Expr>>>>,
}

/// A file's bytes, or why they could not be read.
type Content = Result<Arc<[u8]>, String>;

/// A template's folder and file, and the names that it is given.
pub type TemplateKey = (String, String, Vec<String>);

impl World {
    pub fn new(program: Arc<Program>, environment: String, files: Files) -> World {
        let catalog = Arc::clone(&program.catalog);
        let scopes = Scopes::default();
        scopes.add(|id| Scope::new(id, program));
        World {
            environment,
            settings: OnceLock::new(),
            given: GivenBy::new(),
            catalog,
            scopes,
            files,
            other_outputs: super::inputs::Inputs::default().other_outputs,
            elsewhere: Mutex::default(),
            unmarked: Mutex::default(),
            partial: false,
            contents: Mutex::default(),
            templates: Mutex::default(),
        }
    }

    /// A world without declarations, for expressions of their own.
    pub fn bare(catalog: Arc<Catalog>) -> World {
        let program = Program { catalog, ..Program::default() };
        World::new(Arc::new(program), "default".to_owned(), super::inputs::Inputs::default().files)
    }

    pub fn root(&self) -> &Scope {
        self.scopes.get(ScopeId::ROOT)
    }

    pub fn scope(&self, id: ScopeId) -> &Scope {
        self.scopes.get(id)
    }

    /// Every scope, each after the one that uses it.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.scopes.iter()
    }

    pub fn scopes_mut(&mut self) -> impl Iterator<Item = &mut Scope> {
        self.scopes.iter_mut()
    }

    pub fn add_scope(&self, make: impl FnOnce(ScopeId) -> Scope) -> ScopeId {
        self.scopes.add(make)
    }

    /// The secret outputs of other projects that were read.
    pub fn secrets_elsewhere(&self, secrets: &Secrets) {
        let read = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = read.values().flatten().flat_map(|outputs| outputs.values());
        outputs.filter(|output| output.secret).for_each(|output| secrets.add(&output.value));
    }

    /// A file of a module's folder (as the project sees it), read once. Paths must stay inside.
    pub fn file(&self, folder: &str, path: &str) -> Result<Arc<[u8]>, String> {
        let outside = path.split(['/', '\\']).any(|part| part == "..");
        if path.is_empty() || path.starts_with(['/', '\\', '~']) || path.contains(':') || outside {
            return Err("paths are relative and stay inside the folder of the program".to_owned());
        }
        let path = if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        contents.entry(path).or_insert_with_key(|path| (self.files)(path).map(Arc::from)).clone()
    }

    /// A template's pieces, made once for a file and its variables' names.
    pub fn template<E>(
        &self,
        key: TemplateKey,
        make: impl FnOnce() -> Result<Vec<Expr>, E>,
    ) -> Result<Arc<Vec<Expr>>, E> {
        let mut templates = self.templates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = templates.get(&key) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(make()?);
        templates.insert(key, Arc::clone(&made));
        Ok(made)
    }
}
