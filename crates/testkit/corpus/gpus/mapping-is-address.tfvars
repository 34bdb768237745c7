# An address in the place of a mapping.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
gpu_worker_template = "talos-v1.13-nocloud"
gpu_schematic_id = "26124abcbd408be693df9fe852c80ef1e6cc178e34d7d7d8430a28d1130b4227"
gpu_workers = { trainer-1 = { gpus = [{ mapping = "0000:03:00.0" }] } }
#                                                 ^^^^^^^^^^^^^^ error mapping-form
#= gpu_workers = { trainer-1 = { gpus = [{ bdf = "0000:03:00.0" }] } }
