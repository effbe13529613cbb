#include "shim.hpp"

int main() {
  return dialtone::run_shim({});
}
