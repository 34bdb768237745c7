# Half a template.
# terraform: converts
node = "pve"
disk_pool = "local-lvm"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
control_plane_template = 9000.5
#                        ^^^^^^ error number-not-whole
#= control_plane_template = 9000
