//! Five VMs that are made, changed and removed, and the strangers beside them.

use pve_sim::World;

use crate::lab::{CHDIR, Lab};

/// What the disturbed command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Create,
    Update,
    Delete,
}

/// The VMIDs of the environment.
pub(crate) const OURS: [u32; 5] = [8001, 8010, 8011, 8012, 8013];

/// The VMIDs of [`plant`] and [`plant_copy`].
pub(crate) const STRANGE: [u32; 4] = [200, 201, 202, 8014];

impl Phase {
    pub(crate) const ALL: [Self; 3] = [Self::Create, Self::Update, Self::Delete];

    /// The inputs on top of the example's.
    pub(crate) const fn inputs(self) -> &'static str {
        match self {
            Self::Create => "worker_count = 4\n",
            // One change of each kind: at once, at the next start, with a restart, and several.
            Self::Update | Self::Delete => {
                r#"
worker_count  = 4
allow_restart = true
node_overrides = {
  k3s-dev-control-1 = { cores = 3 }
  k3s-dev-worker-1  = { tags = ["other"] }
  k3s-dev-worker-2  = { disk_gb = 64 }
  k3s-dev-worker-3  = { memory_mb = 6144 }
  k3s-dev-worker-4  = { cores = 3, network_vlan = 20, onboot = false }
}
"#
            }
        }
    }

    /// The command that is disturbed and run again.
    pub(crate) fn command(self) -> Vec<&'static str> {
        let mut command = vec![
            CHDIR,
            self.verb(),
            "-auto-approve",
            "-input=false",
            "-no-color",
        ];
        command.extend(self.consent());
        command
    }

    /// The plans that have to be empty afterwards.
    pub(crate) fn second_plans(self) -> [Vec<&'static str>; 2] {
        let plan = || {
            let mut plan = vec![
                CHDIR,
                "plan",
                "-detailed-exitcode",
                "-input=false",
                "-no-color",
            ];
            plan.extend(self.consent());
            plan.extend((self == Self::Delete).then_some("-destroy"));
            plan
        };
        let mut unrefreshed = plan();
        unrefreshed.push("-refresh=false");
        [plan(), unrefreshed]
    }

    /// The VMs of ours that are there afterwards.
    pub(crate) const fn leaves(self) -> &'static [u32] {
        match self {
            Self::Create | Self::Update => &OURS,
            Self::Delete => &[],
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Create | Self::Update => "apply",
            Self::Delete => "destroy",
        }
    }

    fn consent(self) -> Option<&'static str> {
        (self == Self::Delete).then_some("-var=protect_control_planes=false")
    }
}

/// VMs of others that look like ours: the same name, the same MAC, and a plain one on the next VMID.
pub(crate) fn plant(lab: &Lab) {
    let card = format!(
        "virtio={},bridge=vmbr0",
        contract::mac("k3s-dev", "k3s-dev-worker-1")
    );
    lab.sim.edit(|world: &mut World| {
        world.put_vm(200, [("name", "k3s-dev-worker-1"), ("cores", "2")]);
        world.put_vm(201, [("name", "nas"), ("net0", &card)]);
        world.put_vm(8014, [("name", "neighbour"), ("onboot", "1")]);
    });
}

/// And a copy of one of ours, with its marker.
pub(crate) fn plant_copy(lab: &Lab) {
    lab.sim.edit(|world| {
        let notes = world.option(8010, "description").unwrap_or_default();
        world.put_vm(202, [("name", "copy"), ("description", &notes)]);
    });
}
