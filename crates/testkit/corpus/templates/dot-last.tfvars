# A template name that ends in a dot.
node = "pve"
disk_pool = "local-lvm"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
control_plane_template = "talos."
#                        ^^^^^^^^ error template-form
#= control_plane_template = "talos"
