#include "cases.hpp"

#include <algorithm>
#include <iterator>

int main(int argc, char** argv) {
  std::vector<dialtone::Case> cases;
  for (auto& part : {lab01::address_cases(), lab01::descriptor_cases(), lab01::stream_cases(),
                     lab01::connection_cases()})
    std::copy(part.begin(), part.end(), std::back_inserter(cases));
  return dialtone::judge_main(argc, argv, "socket-basics", cases);
}
