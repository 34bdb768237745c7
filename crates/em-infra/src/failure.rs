//! What a person is told when a command cannot do its work: the chain of causes, and what to do next.

use std::error::Error;

use crate::exit::Exit;

/// A command that did not do what was asked.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// What the shell gets.
    pub(crate) exit: Exit,
    /// What happened; printed with all its causes.
    pub(crate) source: Box<dyn Error + Send + Sync>,
    /// What to type or to look at next, a sentence each.
    pub(crate) hints: Vec<String>,
}

impl CommandError {
    /// An error that ends the command with `exit`.
    pub(crate) fn new(exit: Exit, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            exit,
            source: source.into(),
            hints: Vec::new(),
        }
    }

    /// The same with one more hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The message and its causes, outermost first. A cause that repeats the line above it is left out.
    pub(crate) fn chain(&self) -> Vec<String> {
        let mut lines = vec![self.source.to_string()];
        let mut cause = self.source.source();
        while let Some(error) = cause {
            let line = error.to_string();
            if lines.last().is_none_or(|above| !above.contains(&line)) {
                lines.push(line);
            }
            cause = error.source();
        }
        lines
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self::new(Exit::Failure, error)
    }
}
