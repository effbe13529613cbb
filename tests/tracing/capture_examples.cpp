#include "capture_builder.hpp"

namespace captures {

namespace {

Example pcap(const std::string& name, Order order, std::uint32_t magic) {
  return {name,
          pcap_header(order, magic, 1) + pcap_packet(order, magic, 1, 2, "first packet", 12) +
              pcap_packet(order, magic, 1, 3, "", 60) +
              pcap_packet(order, magic, 4, 5, "third", 1500),
          3};
}

std::string blocks(Order order) {
  return section(order) + interface(order, 1, 64) +
         interface(order, 101, 0, one_option(order, 9, "\x09")) +
         enhanced_packet(order, 0, 7, "enhanced", 8, one_option(order, 1, "a comment")) +
         block(order, 0x0bad, "whatever") + simple_packet(order, "simple", 6) +
         enhanced_packet(order, 1, 8, "other", 99) +
         obsolete_packet(order, 1, 9, "obsolete", 8, one_option(order, 1, "of old"));
}

}  // namespace

std::vector<Example> examples() {
  std::vector<Example> all;
  for (const Order order : {Order::little, Order::big}) {
    const std::string end = order == Order::little ? ", little end first" : ", big end first";
    all.push_back(pcap("pcap" + end, order, microseconds));
    all.push_back(pcap("pcap, nanoseconds" + end, order, nanoseconds));
    all.push_back(pcap("pcap, modified" + end, order, modified));
    all.push_back({"pcapng" + end, blocks(order), 4});
  }
  all.push_back({"pcapng, three sections",
                 blocks(Order::big) + blocks(Order::little) + blocks(Order::big), 12});
  return all;
}

}  // namespace captures
