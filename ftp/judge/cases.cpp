#include "cases.hpp"

#include "language.hpp"

namespace ftp_judge {

LargePayload draw_large(Random& random, std::size_t mebibytes) {
  return {random.text(std::size_t{64} << 10U, "abcdefghijklmnopqrstuvwxyz0123456789"),
          mebibytes * 16};
}

void expect_small_growth(Input& trial, const Server& server, std::uint64_t before) {
  const std::uint64_t after = server.memory("VmHWM");
  const std::uint64_t grown = after > before ? after - before : 0;
  trial.expect(
      dialtone::tr("the memory it took meanwhile (seen in /proc)", "其间占用的内存（从 /proc 看）"),
      grown <= memory_bound, "<= " + std::to_string(memory_bound >> 20U) + " MiB",
      std::to_string(grown >> 20U) + " MiB");
}

}  // namespace ftp_judge

int main(int argc, char** argv) {
  using namespace ftp_judge;
  std::vector<SubjectCase> cases;
  for (auto& milestone :
       {list_cases(), download_cases(), upload_cases(), survive_cases(), many_cases()})
    cases.insert(cases.end(), milestone.begin(), milestone.end());
  return dialtone::judge_main_for_subjects(argc, argv, "capstone", cases);
}
