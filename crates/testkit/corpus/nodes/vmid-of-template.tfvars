# A node with the VMID of its template.
node = "pve"
disk_pool = "local-lvm"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
node_overrides = { k3s-dev-control-1 = { vmid = 9000 } }
#                                               ^^^^ error vmid-is-template
#= node_overrides = { k3s-dev-control-1 = { vmid = 9001 } }
control_plane_template = "9000"
