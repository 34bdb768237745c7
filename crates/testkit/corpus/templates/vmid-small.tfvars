# The VMID of a template below 100.
node = "pve"
disk_pool = "local-lvm"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
control_plane_template = "99"
#                        ^^^^ error template-form
#= control_plane_template = "9000"
