//! May a control plane be shut down now? Only while the others answer: with one of them down
//! already, etcd may lose its quorum and the cluster with it.
//!
//! What can be known from outside is whether a VM runs and whether its Talos API takes a connection.
//! Where the network of the nodes cannot be reached from here, silence proves nothing.

use std::fmt;

use crate::Power;

/// What the Talos API of a node did when a connection was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It took the connection.
    Takes,
    /// The node said that nothing listens there.
    Refuses,
    /// Nothing came back.
    Silent,
    /// It was not asked: its address is not known, or nobody may be asked from here.
    NotAsked,
}

impl Answer {
    /// Returns whether the network of the node was reached.
    const fn is_heard(self) -> bool {
        matches!(self, Self::Takes | Self::Refuses)
    }
}

/// Another control plane of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub power: Power,
    /// What its Talos API did.
    pub answer: Answer,
}

/// What the others say to a shutdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quorum {
    /// There are none, or all of them answer.
    Stands,
    /// All of them run. Whether they answer cannot be seen from here.
    Runs,
    /// Some are not there; each with the reason.
    Lacks(Vec<Absence>),
}

/// Why a control plane does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// It does not run.
    Stopped(String),
    /// It runs and does not answer.
    Deaf(String),
}

impl fmt::Display for Absence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped(name) => write!(out, "{name} does not run"),
            Self::Deaf(name) => write!(out, "{name} runs and its Talos API does not answer"),
        }
    }
}

/// Decides by what the other control planes and the VM itself, while it still ran, answered.
pub fn quorum(own: Answer, peers: &[Peer]) -> Quorum {
    let heard = own.is_heard() || peers.iter().any(|peer| peer.answer.is_heard());
    let absence = |peer: &Peer| match (peer.power, peer.answer) {
        (Power::Stopped, _) => Some(Absence::Stopped(peer.name.clone())),
        (Power::Running, Answer::Refuses) => Some(Absence::Deaf(peer.name.clone())),
        (Power::Running, Answer::Silent) if heard => Some(Absence::Deaf(peer.name.clone())),
        (Power::Running, Answer::Takes | Answer::Silent | Answer::NotAsked) => None,
    };
    let absent: Vec<Absence> = peers.iter().filter_map(absence).collect();
    if !absent.is_empty() {
        Quorum::Lacks(absent)
    } else if peers.iter().all(|peer| peer.answer == Answer::Takes) {
        Quorum::Stands
    } else {
        Quorum::Runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each peer as one letter: s(topped), t(akes), r(efuses), q(uiet), n(ot asked).
    fn told(own: Answer, peers: &str) -> String {
        let peer = |(number, letter): (usize, char)| Peer {
            name: format!("cp-{}", number + 2),
            power: if letter == 's' {
                Power::Stopped
            } else {
                Power::Running
            },
            answer: match letter {
                't' => Answer::Takes,
                'r' => Answer::Refuses,
                'q' => Answer::Silent,
                _ => Answer::NotAsked,
            },
        };
        let peers: Vec<Peer> = peers.chars().enumerate().map(peer).collect();
        match quorum(own, &peers) {
            Quorum::Stands => "stands".into(),
            Quorum::Runs => "runs".into(),
            Quorum::Lacks(absent) => {
                let absent: Vec<String> = absent.iter().map(ToString::to_string).collect();
                absent.join(", ")
            }
        }
    }

    #[test]
    fn the_table() {
        let deaf = |name: &str| format!("{name} runs and its Talos API does not answer");
        for (own, peers, expected) in [
            (Answer::NotAsked, "", "stands".to_owned()),
            (Answer::Takes, "tt", "stands".into()),
            (Answer::NotAsked, "nn", "runs".into()),
            (Answer::NotAsked, "ns", "cp-3 does not run".into()),
            // Nobody is heard at all: the network of the nodes is elsewhere.
            (Answer::Silent, "qq", "runs".into()),
            // Somebody is heard, so the silent one should be, too.
            (Answer::Takes, "qt", deaf("cp-2")),
            (Answer::Takes, "q", deaf("cp-2")),
            (Answer::Silent, "qt", deaf("cp-2")),
            // A node that boots refuses first.
            (Answer::Silent, "r", deaf("cp-2")),
            (Answer::Takes, "tn", "runs".into()),
        ] {
            assert_eq!(told(own, peers), expected, "{own:?} {peers}");
        }
    }
}
