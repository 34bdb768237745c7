//! What every `em-infra state` command works on.

use std::path::{Path, PathBuf};

use clap::Args;
use em_infra_core::state::vault::{Keys, NotFound, Vault, VaultError};
use em_infra_core::state::{Place, Who};
use tf_run::Env;
use time::OffsetDateTime;

use crate::commands::check::DEFAULT_ROOT;
use crate::commands::provider::own_version;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Ui;

/// Which environment, and which vault.
#[derive(Args)]
pub(crate) struct Where {
    /// The Terraform root whose state it is about.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_ROOT, global = true)]
    env: PathBuf,

    /// The vault, instead of `$XDG_STATE_HOME/em-infra/vault/<environment>`.
    #[arg(long, value_name = "DIR", global = true)]
    vault: Option<PathBuf>,
}

/// The private keys that open sealed snapshots.
#[derive(Args, Clone, Default)]
pub(crate) struct Identity {
    /// Opens sealed snapshots with the private keys of age in FILE.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

impl Identity {
    pub(super) fn keys(&self) -> Result<Keys, CommandError> {
        let keys = self.identity.as_deref().map(Keys::read).transpose()?;
        Ok(keys.unwrap_or_default())
    }
}

/// A sealed snapshot, and what opens it.
pub(super) fn sealed(error: VaultError) -> CommandError {
    CommandError::new(Exit::Refused, error)
        .hint("--identity FILE opens it, FILE being what `age-keygen` wrote: from a stick, or decrypted for the moment")
}

impl Where {
    /// The environment in `root`, and its own vault.
    pub(super) fn root(root: &Path) -> Self {
        Self {
            env: root.to_owned(),
            vault: None,
        }
    }
}

/// What every command needs.
pub(crate) struct Context<'a> {
    pub(crate) place: Place,
    pub(crate) vault: PathBuf,
    pub(crate) who: Who,
    pub(crate) ui: &'a Ui,
    pub(crate) environment: &'a Env,
    /// What to add to a command that is shown, so that it means the same environment and vault.
    pub(crate) options: String,
}

impl<'a> Context<'a> {
    pub(crate) fn of(at: &Where, ui: &'a Ui, environment: &'a Env) -> Result<Self, CommandError> {
        if !at.env.is_dir() {
            let message = format!("`{}` is not a directory", at.env.display());
            return Err(CommandError::new(Exit::Usage, message).hint(
                "run it in the root of the repository, or name the Terraform root with --env",
            ));
        }
        let place = Place::of(&at.env.canonicalize()?);
        let vault = match &at.vault {
            Some(vault) => std::path::absolute(vault)?,
            None => default_vault(&place, environment)?,
        };
        Ok(Self {
            place,
            vault,
            who: who(environment),
            ui,
            environment,
            options: options(at),
        })
    }

    /// Reads the clock again.
    pub(super) fn tick(&mut self) {
        self.who.now = OffsetDateTime::now_utc();
    }

    pub(crate) fn open_vault(&self) -> Result<Vault, CommandError> {
        Ok(Vault::open(&self.vault)?)
    }

    /// How long ago `time` was, for people.
    pub(crate) fn ago(&self, time: OffsetDateTime) -> String {
        let minutes = (self.who.now - time).whole_minutes();
        match minutes {
            ..1 => "just now".to_owned(),
            1..120 => format!("{minutes} min ago"),
            120..2880 => format!("{} h ago", minutes / 60),
            _ => format!("{} days ago", minutes / 1440),
        }
    }
}

/// Where the vault of an environment is unless the user says otherwise.
fn default_vault(place: &Place, environment: &Env) -> Result<PathBuf, CommandError> {
    let state_home = environment
        .path("XDG_STATE_HOME")
        .filter(|path| path.is_absolute())
        .map(Path::to_owned);
    let home = || {
        environment
            .path("HOME")
            .map(|home| home.join(".local/state"))
    };
    let base = state_home.or_else(home).ok_or_else(|| {
        CommandError::new(
            Exit::Failure,
            "neither XDG_STATE_HOME nor HOME is set, and the vault is below one of them",
        )
        .hint("name the vault with --vault")
    })?;
    Ok(base.join("em-infra/vault").join(place.environment_id()))
}

/// Who runs this, as Terraform's lock shows it.
pub(crate) fn who(environment: &Env) -> Who {
    let user = environment
        .get("USER")
        .or_else(|| environment.get("LOGNAME"));
    let user = user.map_or("unknown".to_owned(), |user| {
        user.to_string_lossy().into_owned()
    });
    let host = nix::unistd::gethostname().map_or("unknown".to_owned(), |host| {
        host.to_string_lossy().into_owned()
    });
    Who {
        name: format!("{user}@{host}"),
        version: own_version().to_string(),
        now: OffsetDateTime::now_utc(),
    }
}

fn options(at: &Where) -> String {
    let env = (at.env != Path::new(DEFAULT_ROOT)).then(|| format!(" --env {}", at.env.display()));
    let vault = at
        .vault
        .as_ref()
        .map(|vault| format!(" --vault {}", vault.display()));
    env.into_iter().chain(vault).collect()
}

/// A snapshot that does not exist, with the command that lists those that do.
pub(super) fn not_found(error: NotFound, context: &Context<'_>) -> CommandError {
    CommandError::new(Exit::Usage, error).hint(format!(
        "`em-infra state list{}` lists them",
        context.options
    ))
}
