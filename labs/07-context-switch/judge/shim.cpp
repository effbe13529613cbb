#include "shim.hpp"

#include "context_switch.hpp"

int main() {
  return dialtone::run_shim({});
}
