#include "shim.hpp"

#include "program_and_process.hpp"

int main() {
  return dialtone::run_shim({});
}
