# A UUID without hyphens.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
node_overrides = { k3s-dev-control-1 = { uuid = "7f1c1a527c1b5d0e9f830d1b8a4c2e11" } }
#                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error uuid-form
#= node_overrides = { k3s-dev-control-1 = { uuid = "7f1c1a52-7c1b-5d0e-9f83-0d1b8a4c2e11" } }
