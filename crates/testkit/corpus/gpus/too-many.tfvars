# Seventeen devices in one VM.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
gpu_worker_template = "talos-v1.13-nocloud"
gpu_schematic_id = "26124abcbd408be693df9fe852c80ef1e6cc178e34d7d7d8430a28d1130b4227"
gpu_workers = { trainer-1 = { gpus = [{ mapping = "gpu0" }, { mapping = "gpu1" }, { mapping = "gpu2" }, { mapping = "gpu3" }, { mapping = "gpu4" }, { mapping = "gpu5" }, { mapping = "gpu6" }, { mapping = "gpu7" }, { mapping = "gpu8" }, { mapping = "gpu9" }, { mapping = "gpu10" }, { mapping = "gpu11" }, { mapping = "gpu12" }, { mapping = "gpu13" }, { mapping = "gpu14" }, { mapping = "gpu15" }, { mapping = "gpu16" }] } }
#                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error gpu-too-many
#= gpu_workers = { trainer-1 = { gpus = [{ mapping = "gpu0" }, { mapping = "gpu1" }, { mapping = "gpu2" }, { mapping = "gpu3" }, { mapping = "gpu4" }, { mapping = "gpu5" }, { mapping = "gpu6" }, { mapping = "gpu7" }, { mapping = "gpu8" }, { mapping = "gpu9" }, { mapping = "gpu10" }, { mapping = "gpu11" }, { mapping = "gpu12" }, { mapping = "gpu13" }, { mapping = "gpu14" }, { mapping = "gpu15" }] } }
