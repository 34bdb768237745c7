# A pre-release that Talos does not write like that.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.0-rc1"
#               ^^^^^^^^^^^^^ error version-form
#= talos_version = "v1.13.0"
