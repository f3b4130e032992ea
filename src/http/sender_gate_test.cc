#include "http/sender_gate.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <string>
#include <vector>

namespace wideberth::http {
namespace {

using Order = std::vector<std::string>;

boost::asio::awaitable<void, SenderGate::Executor> Go(SenderGate& gate, std::string sender, std::string name,
                                                      Order& order) {
  co_await gate.Enter(sender);
  order.push_back(std::move(name));
}

void Start(boost::asio::io_context& context, SenderGate& gate, const std::string& sender, const std::string& name,
           Order& order) {
  boost::asio::co_spawn(context.get_executor(), Go(gate, sender, name, order), boost::asio::detached);
}

TEST(SenderGate, LetsSoManyOfEachSenderInAndTheOthersInTheirOrder) {
  boost::asio::io_context context{1};
  SenderGate gate(context, 2, std::chrono::seconds(60));
  Order order;
  for (const char* name : {"a1", "a2", "a3", "a4"}) Start(context, gate, "a", name, order);
  Start(context, gate, "b", "b1", order);
  for (const char* name : {"?1", "?2", "?3"}) Start(context, gate, "", name, order);
  context.poll();
  EXPECT_EQ(order, (Order{"a1", "a2", "b1", "?1", "?2", "?3"}));
  gate.Leave("a");
  context.poll();
  EXPECT_EQ(order.back(), "a3");
  gate.Leave("b");
  gate.Leave("b");  // of a request whose sender was not known when it came
  gate.Leave("a");
  context.poll();
  EXPECT_EQ(order.back(), "a4");
  // All gone: the next ones find it open again.
  for (int i = 0; i < 2; ++i) gate.Leave("a");
  context.restart();
  for (const char* name : {"a5", "a6"}) Start(context, gate, "a", name, order);
  context.poll();
  EXPECT_EQ(order.size(), 10u);
}

TEST(SenderGate, HasPatienceAndNoMore) {
  boost::asio::io_context context{1};
  SenderGate gate(context, 1, std::chrono::milliseconds(20));
  Order order;
  Start(context, gate, "a", "a1", order);
  Start(context, gate, "a", "a2", order);
  const auto start = std::chrono::steady_clock::now();
  context.run();
  EXPECT_EQ(order, (Order{"a1", "a2"}));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(20));
  // Two are inside where one may be: one that leaves makes no room yet.
  context.restart();
  Start(context, gate, "a", "a3", order);
  context.poll();
  gate.Leave("a");
  context.poll();
  EXPECT_EQ(order.size(), 2u);
  gate.Leave("a");
  context.poll();
  EXPECT_EQ(order.size(), 3u);
}

}  // namespace
}  // namespace wideberth::http
