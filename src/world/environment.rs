//! The environment variables of the process, read once. Who needs one is handed this snapshot.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Names and values at the start of the run.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(pub BTreeMap<String, String>);

impl Environment {
    /// Of this process; values that are no text are left out.
    pub fn of_process() -> Environment {
        let pairs =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Environment(pairs.collect())
    }

    /// The value, where it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Where cnx keeps what belongs to the user: `$XDG_CONFIG_HOME/cnx`, else `~/.config/cnx`.
    pub fn config_folder(&self) -> Option<PathBuf> {
        let base = self.get("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        base.or_else(|| self.get("HOME").map(|home| PathBuf::from(home).join(".config")))
            .map(|folder| folder.join("cnx"))
    }

    /// Where cnx keeps what it has learned on this machine: `$XDG_STATE_HOME/cnx`, else `~/.local/state/cnx`.
    pub fn state_folder(&self) -> Option<PathBuf> {
        let base = self.get("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        base.or_else(|| self.get("HOME").map(|home| PathBuf::from(home).join(".local/state")))
            .map(|folder| folder.join("cnx"))
    }

    /// Whether a pipeline runs this, and nobody waits for it: `CI` as all of them set it.
    pub fn is_pipeline(&self) -> bool {
        self.get("CI").is_some_and(|value| !["false", "0"].contains(&value))
    }

    /// What the variables say of colour; the terminal decides where they say nothing.
    pub fn colour(&self) -> ColourWish {
        let forced = self.get("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        if self.get("NO_COLOR").is_some() {
            ColourWish::Never
        } else if forced {
            ColourWish::Always
        } else if self.get("CLICOLOR") == Some("0") || self.get("TERM") == Some("dumb") {
            ColourWish::Never
        } else {
            ColourWish::Unsaid
        }
    }
}

impl fmt::Debug for Environment {
    /// Names only: values may be keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourWish {
    Always,
    Never,
    Unsaid,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_pipeline_says_that_it_is_one() {
        let is_pipeline = |pairs: &[(&str, &str)]| environment(pairs).is_pipeline();
        assert!(is_pipeline(&[("CI", "true")]) && is_pipeline(&[("CI", "1")]) && is_pipeline(&[("CI", "woodpecker")]));
        assert!(!is_pipeline(&[]) && !is_pipeline(&[("CI", "")]) && !is_pipeline(&[("CI", "false")]));
    }

    #[test]
    fn colour_follows_the_usual_variables() {
        let cases: &[(&[(&str, &str)], ColourWish)] = &[
            (&[], ColourWish::Unsaid),
            (&[("NO_COLOR", "1")], ColourWish::Never),
            (&[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")], ColourWish::Always),
            (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], ColourWish::Never),
            (&[("CLICOLOR", "0")], ColourWish::Never),
            (&[("CLICOLOR_FORCE", "0")], ColourWish::Unsaid),
        ];
        for (pairs, wanted) in cases {
            assert_eq!(environment(pairs).colour(), *wanted, "{pairs:?}");
        }
    }

    #[test]
    fn the_configuration_folder_follows_xdg_and_home() {
        let folder = |pairs| environment(pairs).config_folder().map(|path| path.display().to_string());
        assert_eq!(folder(&[("HOME", "/h")]).as_deref(), Some("/h/.config/cnx"));
        assert_eq!(folder(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]).as_deref(), Some("/x/cnx"));
        assert_eq!(folder(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "relative")]).as_deref(), Some("/h/.config/cnx"));
        assert_eq!(folder(&[]), None);
    }

    #[test]
    fn values_are_not_printed() {
        let shown = format!("{:?}", environment(&[("CLOUDNEXUS_API_KEY", "cnx_sk_live_canary")]));
        assert_eq!(shown, "{\"CLOUDNEXUS_API_KEY\"}");
    }
}
