# The gateway's rule cannot be asked.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
talos_version = "v1.13.9"
cluster_network_cidr = "192.168.1.7/24"
#                      ^^^^^^^^^^^^^^^^ error cidr-host-bits
#= cluster_network_cidr = "192.168.2.0/24"
network_gateway = "192.168.2.1"
