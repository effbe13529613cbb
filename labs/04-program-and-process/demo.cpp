#include "program_and_process.hpp"

int main() {
  return 0;
}
