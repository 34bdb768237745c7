resource "terraform_data" "a" {
  input = 1
}
check "quorum" {
  assert {
    condition     = terraform_data.a.output == 3
    error_message = "One is no quorum."
  }
}
