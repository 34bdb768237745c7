# A Talos minor before those that are known.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.5.0"
#               ^^^^^^^^ warning talos-version-unknown
kubernetes_version = "v1.28.0"
