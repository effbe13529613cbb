#include "judge.hpp"

int main(int argc, char** argv) {
  return dialtone::judge_main(argc, argv, "context-switch", {});
}
