//! The one gate for everything a person or a script sees.
//!
//! stdout carries data, stderr carries status, warnings and errors. A reader of stdout that goes away is not an error
//! of ours. Colour and live progress appear on a terminal only and never carry meaning alone.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::failure::CommandError;
use tf_run::Env;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    #[default]
    Human,
    /// One JSON document on stdout.
    Json,
}

/// The option of most commands that says how they report.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Reporting {
    /// How results are written.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Writes to the terminal, and knows how.
#[derive(Debug, Clone)]
pub(crate) struct Ui {
    format: Format,
    live: bool,
    colour: bool,
}

/// A line that says what is going on, for as long as it goes on.
pub(crate) struct Activity<'ui> {
    ui: &'ui Ui,
    bar: Option<ProgressBar>,
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Error,
    Warning,
    Good,
    Faint,
}

impl Ui {
    /// Decides once how to talk: `NO_COLOR`, `TERM=dumb` and anything that is not a terminal get plain lines.
    pub(crate) fn new(format: Format, environment: &Env) -> Self {
        let terminal =
            io::stderr().is_terminal() && environment.get("TERM").is_none_or(|term| term != "dumb");
        let colour = terminal && environment.get("NO_COLOR").is_none();
        Self {
            format,
            live: terminal,
            colour,
        }
    }

    /// The format that results are wanted in.
    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// Whether colour is wanted on stderr.
    pub(crate) const fn colour(&self) -> bool {
        self.colour
    }

    /// Writes one line of data to stdout.
    #[expect(clippy::unused_self, reason = "whoever writes holds the gate")]
    pub(crate) fn data(&self, line: &str) {
        write_line(&mut io::stdout().lock(), line);
    }

    /// Writes `value` to stdout as one JSON document.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), CommandError> {
        let text = serde_json::to_string_pretty(value)?;
        self.data(&text);
        Ok(())
    }

    /// Writes `value` to stdout as JSON on one line, for a process that goes on.
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<(), CommandError> {
        let text = serde_json::to_string(value)?;
        self.data(&text);
        Ok(())
    }

    /// Says that something is done or is so.
    #[expect(clippy::unused_self, reason = "whoever writes holds the gate")]
    pub(crate) fn status(&self, line: &str) {
        write_line(&mut io::stderr().lock(), line);
    }

    /// Says something good, such as a passed gate.
    pub(crate) fn good(&self, line: &str) {
        self.status(&self.paint(Tone::Good, line));
    }

    /// Says something that only some readers need.
    pub(crate) fn faint(&self, line: &str) {
        self.status(&self.paint(Tone::Faint, line));
    }

    /// A text that is an error which somebody else reports.
    pub(crate) fn error_text(&self, text: &str) -> String {
        format!("{} {text}", self.paint(Tone::Error, "error:"))
    }

    /// A text that is a warning which somebody else reports.
    pub(crate) fn warning_text(&self, text: &str) -> String {
        format!("{} {text}", self.paint(Tone::Warning, "warning:"))
    }

    /// Says something that does not stop the command but that a person should know.
    pub(crate) fn warning(&self, line: &str) {
        self.status(&self.warning_text(line));
    }

    /// Says why the command ends, with causes and hints.
    pub(crate) fn error(&self, error: &CommandError) {
        let mut lines = error.chain().into_iter();
        let first = lines.next().unwrap_or_default();
        self.status(&self.error_text(&first));
        for cause in lines {
            self.status(&format!("  because: {cause}"));
        }
        for hint in &error.hints {
            self.status(&format!("  hint: {hint}"));
        }
    }

    /// Shows `line` as what is going on now, on a terminal only; ends when the value is dropped.
    pub(crate) fn activity(&self, line: &str) -> Activity<'_> {
        Activity {
            ui: self,
            bar: self.live.then(|| spinner(line)),
        }
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Error => "1;31",
            Tone::Warning => "1;33",
            Tone::Good => "1;32",
            Tone::Faint => "2",
        };
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

impl Activity<'_> {
    /// Replaces what is going on on a terminal only: too frequent for a log.
    pub(crate) fn live(&self, line: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(line.to_owned());
        }
    }

    /// Writes a line that stays, above what is going on.
    pub(crate) fn note(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.ui.status(line)),
            None => self.ui.status(line),
        }
    }
}

impl Drop for Activity<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn spinner(line: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(line.to_owned());
    bar.set_style(
        ProgressStyle::with_template("{spinner} {wide_msg} {elapsed:>4}")
            .expect("the template is a constant and parses"),
    );
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// A closed stdout or stderr is the reader's choice (`| head`): nothing is left to tell it.
fn write_line(to: &mut impl Write, line: &str) {
    let outcome = writeln!(to, "{line}").and_then(|()| to.flush());
    drop(outcome);
}
