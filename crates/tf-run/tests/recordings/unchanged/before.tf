resource "terraform_data" "a" {
  for_each = toset(["x", "y"])
  input    = each.key
}
output "name" {
  value = terraform_data.a["x"].output
}
check "name" {
  assert {
    condition     = terraform_data.a["x"].output == "x"
    error_message = "The name is wrong."
  }
}
