//! Removing one leftover: look, see that it still is one, take the next step, look again.

use std::future::pending;
use std::time::Duration;

use pve_api::Upid;
use pve_client::{Client, Error};
use vm::{Next, Observed, Protection, Reconcile, Refusal, Step, Wanted};

use crate::drift::{Territory, leftovers};

/// How long a stop or a removal may take.
const TASK: Duration = Duration::from_mins(10);

/// Why a leftover is still there.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// The host did not do it, or did not answer: nobody knows which.
    #[error(transparent)]
    Call(Box<Error>),
    /// It may not be removed.
    #[error("{0}")]
    Refused(String),
    /// It is another VM by now.
    #[error("it is not what it was a moment ago: it was left as it is")]
    Changed,
    /// Something works on it.
    #[error("something in Proxmox works on it: let that end first")]
    Busy,
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Self::Call(Box::new(error))
    }
}

pub(super) async fn remove_one(
    client: &Client,
    held: &Wanted,
    territory: &Territory<'_>,
) -> Result<(), Obstacle> {
    let mut reconcile = Reconcile::default();
    loop {
        let observed = host::look(client, &held.key).await?;
        if let Observed::Present(present) = &observed
            && leftovers(std::slice::from_ref(present), territory).is_empty()
        {
            return Err(Obstacle::Changed);
        }
        match reconcile.next_removal(held, &observed, Protection::Respect) {
            Next::Done => return Ok(()),
            Next::Step(step) => take(client, held, &step).await?,
            Next::Wait(_) => return Err(Obstacle::Busy),
            Next::Refuse(refusal) => return Err(refused(&refusal, held)),
        }
    }
}

async fn take(client: &Client, held: &Wanted, step: &Step) -> Result<(), Obstacle> {
    let key = &held.key;
    let task: Upid = match step {
        Step::Stop => client.stop(&key.node, key.vmid).await?,
        Step::Destroy => client.delete_vm(&key.node, key.vmid).await?,
        Step::Clone { .. }
        | Step::SetConfig(_)
        | Step::Resize { .. }
        | Step::Start
        | Step::Shutdown => {
            return Err(Obstacle::Refused(format!("a removal does not {step}")));
        }
    };
    client.wait_task(&task, TASK, pending()).await?;
    Ok(())
}

fn refused(refusal: &Refusal, held: &Wanted) -> Obstacle {
    match refusal {
        // What the provider says of it names inputs that nobody gives here.
        Refusal::Protected => Obstacle::Refused(format!(
            "Proxmox protects it from removal; lift that as root: qm set {} --protection 0",
            held.key.vmid
        )),
        refusal => Obstacle::Refused(refusal.explain(&held.key)),
    }
}
