//! Why the loop stops without having reached what is wanted. Each says what to do next.

use std::fmt;

use pve_api::{DiskSize, StorageId, VmId};

use crate::{Difference, Step, VmKey, Why};

/// A reason to leave the VM as it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// Another VM stands there.
    Stranger {
        /// The name of that VM.
        name: String,
        /// Why it is not ours.
        why: Why,
    },
    /// A copy of ours stands there.
    CloneOfOurs {
        /// The VMID of the original.
        original: VmId,
    },
    /// Something stands there that the caller may not see.
    Hidden,
    /// The VM came into being after the plan, by another hand.
    AppearedSincePlan,
    /// The VM was there when the plan was made and is not there any more.
    Vanished,
    /// A clone was killed on the host and left its lock behind.
    AbandonedClone,
    /// The VM holds a lock that no task will lift.
    Locked(String),
    /// The VM was turned into a template.
    IsTemplate,
    /// The disk would have to shrink.
    Shrink {
        /// Its size.
        is: DiskSize,
        /// The size that is wanted.
        wanted: DiskSize,
    },
    /// The disk would have to move.
    MoveDisk {
        /// Its storage.
        is: StorageId,
        /// The storage that is wanted.
        wanted: StorageId,
    },
    /// The VM has no disk to speak of.
    NoBootDisk,
    /// The VM has no network card to speak of, and no bridge is given to make one.
    NoNetworkCard,
    /// Every slot that could hold the cloud-init drive is taken.
    NoFreeSlot,
    /// Changes need a restart and nobody consented.
    RestartNotAllowed(Vec<Difference>),
    /// Changes need a stop, and it is not managed whether the VM runs.
    PowerNotManaged(Vec<Difference>),
    /// Proxmox refuses to remove the VM.
    Protected,
    /// The user's notes leave no room for the marker.
    NotesTooLong {
        /// How long the description would become.
        characters: usize,
    },
    /// An option of the VM cannot be read, so nothing can be said about it.
    Unreadable(String),
    /// Proxmox accepted a step that changed nothing.
    NoEffect(Box<Step>),
}

impl Refusal {
    /// Says in a few words what is wrong, for the VM `key`.
    pub fn summary(&self, key: &VmKey) -> String {
        match self {
            Self::Stranger { .. } | Self::CloneOfOurs { .. } | Self::Hidden => {
                format!("VMID {} is taken", key.vmid)
            }
            Self::AbandonedClone => format!("VMID {} is locked", key.vmid),
            Self::AppearedSincePlan | Self::Vanished => format!("{key} is not as planned"),
            Self::RestartNotAllowed(_) | Self::PowerNotManaged(_) => {
                format!("{key} would have to be restarted")
            }
            Self::Protected => format!("{key} is protected from removal"),
            Self::Locked(_)
            | Self::IsTemplate
            | Self::Shrink { .. }
            | Self::MoveDisk { .. }
            | Self::NoBootDisk
            | Self::NoNetworkCard
            | Self::NoFreeSlot
            | Self::NotesTooLong { .. }
            | Self::Unreadable(_)
            | Self::NoEffect(_) => format!("{key} cannot be changed"),
        }
    }

    /// Says in one or more sentences what is wrong and what to do, for the VM `key`.
    pub fn explain(&self, key: &VmKey) -> String {
        Explained { refusal: self, key }.to_string()
    }
}

struct Explained<'a> {
    refusal: &'a Refusal,
    key: &'a VmKey,
}

impl fmt::Display for Explained<'_> {
    #[expect(clippy::too_many_lines, reason = "a table: one text for each refusal")]
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refusal, key } = self;
        let VmKey { vmid, node, .. } = key;
        match refusal {
            Refusal::Stranger { name, why } => write!(
                out,
                "VMID {vmid} on node {node} is taken by {name}, which is not {key} of this \
                 environment: {why}. It is left untouched. {}",
                why.advice()
            ),
            Refusal::CloneOfOurs { original } => write!(
                out,
                "VMID {vmid} on node {node} holds a copy of VM {original}: it carries the marker of \
                 that VM. It is left untouched. Remove the copy or give this node another VMID."
            ),
            Refusal::Hidden => write!(
                out,
                "VMID {vmid} is taken by something that these credentials may not see: a VM without \
                 VM.Audit, a container, or a guest of another node. Grant VM.Audit on /vms/{vmid} \
                 or give this node another VMID."
            ),
            Refusal::AppearedSincePlan => write!(
                out,
                "{key} did not exist when the plan was made and exists now: another run made it. \
                 Plan again to take it over."
            ),
            Refusal::Vanished => write!(
                out,
                "{key} existed when the plan was made and is gone now. Plan again to create it."
            ),
            Refusal::AbandonedClone => write!(
                out,
                "VMID {vmid} is locked by a clone that no longer runs, and no API token can lift \
                 that lock. If nobody is cloning to it, run on node {node} as root:\n  \
                 qm unlock {vmid}\n  qm destroy {vmid} --purge 1 --destroy-unreferenced-disks 1\n\
                 and apply again."
            ),
            Refusal::Locked(lock) => write!(
                out,
                "{key} is locked ({lock}). Let that operation end in Proxmox (a suspended VM: resume \
                 it), then apply again."
            ),
            Refusal::IsTemplate => write!(
                out,
                "{key} was turned into a template and can neither run nor change. Give this node \
                 another VMID, or remove the template yourself."
            ),
            Refusal::Shrink { is, wanted } => write!(
                out,
                "the disk of {key} has {is} and Proxmox cannot shrink a disk to {wanted}. Set \
                 disk_gb to at least {}.",
                is.gib_rounded_up().0
            ),
            Refusal::MoveDisk { is, wanted } => write!(
                out,
                "the disk of {key} is on storage {is} and em-infra does not move disks to {wanted}. \
                 Move it in Proxmox (VM, Hardware, Disk Action, Move Storage), then plan again."
            ),
            Refusal::NoBootDisk => write!(
                out,
                "{key} has no disk that Proxmox would boot from. Its template must hold a Talos disk \
                 image, by custom as scsi0."
            ),
            Refusal::NoNetworkCard => write!(
                out,
                "{key} has no network card net0 and no bridge is given to make one. Set bridge."
            ),
            Refusal::NoFreeSlot => write!(
                out,
                "{key} has no free slot for a cloud-init drive: ide2, ide0 and every sata slot are \
                 taken. Free one in Proxmox, then apply again."
            ),
            Refusal::RestartNotAllowed(changes) => {
                write!(
                    out,
                    "{key} runs and would have to be restarted for: {}. ",
                    Listed(changes)
                )?;
                out.write_str("Set allow_restart = true in the provider block for this run, or stop the VM first.")
            }
            Refusal::PowerNotManaged(changes) => {
                write!(
                    out,
                    "{key} runs and would have to be stopped for: {}. ",
                    Listed(changes)
                )?;
                out.write_str(
                    "Whether it runs is not managed: set started = true, or stop it yourself.",
                )
            }
            Refusal::Protected => write!(
                out,
                "{key} is protected from removal. Set protection = false for it and apply, or run \
                 with protect_control_planes = false where that is what protects it."
            ),
            Refusal::NotesTooLong { characters } => write!(
                out,
                "the notes of {key} would have {characters} characters with the em-infra marker; \
                 Proxmox takes 8192. Shorten them, then apply again."
            ),
            Refusal::Unreadable(why) => write!(
                out,
                "an option of {key} cannot be understood, so it is left untouched: {why}. Mend it in \
                 Proxmox, then plan again."
            ),
            Refusal::NoEffect(step) => write!(
                out,
                "Proxmox accepted to {step} for {key} and it is as before; it is not tried again. Either \
                 somebody else, perhaps another apply, changes this VM just now, or the task log of the \
                 VM says why. Then apply again."
            ),
        }
    }
}

struct Listed<'a>(&'a [Difference]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&all.join(", "))
    }
}
