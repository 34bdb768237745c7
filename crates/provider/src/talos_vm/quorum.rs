//! A control plane is shut down only while the others of its environment answer.

use core::net::IpAddr;
use std::time::Duration;

use host::survey;
use pve_api::{NodeName, VmId};
use tf_plugin::{Diagnostic, Stop};
use tokio::net::TcpStream;
use vm::marker::Found;
use vm::quorum::{Absence, Answer, Peer, Quorum, quorum};
use vm::{Actual, Power, Role, VmKey, Wanted};

use crate::patience::{self, Pauses};
use crate::session::{Run, Session};

/// Where the Talos API listens, before and after the bootstrap.
const TALOS_API: u16 = 50_000;

/// Long enough for a node on the network of the host.
const CONNECT: Duration = Duration::from_secs(2);

/// Another control plane of an environment.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    env_name: String,
    name: String,
    node: NodeName,
    vmid: VmId,
    address: Option<IpAddr>,
}

/// Waits until the other control planes answer. Gives a warning where it cannot be seen whether they
/// do; none also when a stop came in between.
pub(super) async fn others_answer(
    session: &Session,
    run: &Run,
    wanted: &Wanted,
    stop: &Stop,
) -> Result<Option<Diagnostic>, Diagnostic> {
    if wanted.origin.role != Some(Role::ControlPlane) {
        return Ok(None);
    }
    let others = others(session, run, &wanted.key).await?;
    let mut pauses = Pauses::default();
    loop {
        let own = ask(run, wanted.shape.addressing.address).await;
        let lacking = match quorum(own, &seen(run, &others).await?) {
            Quorum::Stands => return Ok(None),
            Quorum::Runs => return Ok(Some(unseen(&wanted.key))),
            Quorum::Lacks(lacking) => lacking,
        };
        // One that was restarted before this one needs its time; one that does not run is started
        // by this same apply at once or not at all.
        let stopped = |absence: &Absence| matches!(absence, Absence::Stopped(_));
        let limit = if lacking.iter().any(stopped) {
            patience::PEER_STARTS
        } else {
            patience::PEER_ANSWERS
        };
        if stop.is_stopped() {
            return Ok(None);
        }
        if pauses.waited() >= limit {
            return Err(refused(&wanted.key, &lacking));
        }
        pauses.pause().await;
    }
}

/// The other control planes of the environment: what their markers say, read once in a process.
async fn others(session: &Session, run: &Run, key: &VmKey) -> Result<Vec<Member>, Diagnostic> {
    let members = session
        .control_planes
        .get_or_try_init(|| members(run, &key.node));
    let members = members.await?.iter();
    Ok(members
        .filter(|member| member.env_name == key.env_name && member.vmid != key.vmid)
        .cloned()
        .collect())
}

async fn members(run: &Run, node: &NodeName) -> Result<Vec<Member>, Diagnostic> {
    let guests = survey(&run.client, &run.facts, node).await;
    let guests = guests.map_err(|unread| run.unread(&unread))?;
    Ok(guests.iter().filter_map(member).collect())
}

fn member(guest: &host::Guest) -> Option<Member> {
    let present = guest.present.as_deref()?;
    let Found::Marker(marker) = present.marker() else {
        return None;
    };
    let is_member = marker.origin.role == Some(Role::ControlPlane)
        && marker.key.vmid == guest.vmid
        && !guest.template;
    let actual = Actual::read(present).ok();
    is_member.then(|| Member {
        env_name: marker.key.env_name.clone(),
        name: marker.key.name.clone(),
        node: present.node.clone(),
        vmid: guest.vmid,
        address: actual.and_then(|actual| actual.shape.addressing.address),
    })
}

async fn seen(run: &Run, members: &[Member]) -> Result<Vec<Peer>, Diagnostic> {
    let mut peers = Vec::new();
    for member in members {
        let status = match run.client.vm_status(&member.node, member.vmid).await {
            Ok(status) => status,
            // Removed since: it is no control plane any more.
            Err(error) if error.is_not_found() => continue,
            Err(error) => {
                return Err(run.report(&format!("Unable to look at {}", member.name), &error));
            }
        };
        let (power, answer) = if status.is_running() {
            (Power::Running, ask(run, member.address).await)
        } else {
            (Power::Stopped, Answer::NotAsked)
        };
        peers.push(Peer {
            name: member.name.clone(),
            power,
            answer,
        });
    }
    Ok(peers)
}

/// Asks the Talos API of a node for a connection. Behind an address of this machine there is a
/// tunnel or a simulated host, and whatever has the address of the node here is something else.
async fn ask(run: &Run, address: Option<IpAddr>) -> Answer {
    let Some(address) = address.filter(|_| !is_here(run.client.endpoint().host())) else {
        return Answer::NotAsked;
    };
    let connection = TcpStream::connect((address, TALOS_API));
    match tokio::time::timeout(CONNECT, connection).await {
        Ok(Ok(_)) => Answer::Takes,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => Answer::Refuses,
        Ok(Err(_)) | Err(_) => Answer::Silent,
    }
}

fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn unseen(key: &VmKey) -> Diagnostic {
    Diagnostic::warning(format!(
        "{key} was restarted without seeing that the other control planes answer"
    ))
    .detail(
        "They run. Their network cannot be reached from here, so nobody saw whether Talos answers on \
         them.",
    )
}

fn refused(key: &VmKey, lacking: &[Absence]) -> Diagnostic {
    let lacking: Vec<String> = lacking.iter().map(ToString::to_string).collect();
    Diagnostic::error(format!("{key} is not restarted now")).detail(format!(
        "It is a control plane, and with another one down etcd may lose its quorum: {}. Mend that, then \
         apply again. If this cluster is not in use, shut the VM down yourself first: a stopped VM is \
         changed without a question.",
        lacking.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::is_here;

    #[test]
    fn an_address_of_this_machine_is_told_from_others() {
        for (host, here) in [
            ("127.0.0.1", true),
            ("localhost", true),
            ("[::1]", true),
            ("::1", true),
            ("192.168.1.2", false),
            ("pve.example", false),
        ] {
            assert_eq!(is_here(host), here, "{host}");
        }
    }
}
