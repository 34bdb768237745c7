# The last Opteron that is too old.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
cpu_type = "Opteron_G3"
#          ^^^^^^^^^^^^ error cpu-type-too-old
#= cpu_type = "Opteron_G4"
