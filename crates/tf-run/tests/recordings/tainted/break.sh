"$1" taint terraform_data.a
