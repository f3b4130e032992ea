#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cmd/conflict_words.h"
#include "cmd/declaration_request.h"
#include "cmd/event_parser.h"
#include "cmd/plain_text.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// ---- Plain texts.

TEST(PlainText, WhatATerminalActsOnIsReplaced) {
  EXPECT_EQ(Plain("Zürich 日本 🚁"), "Zürich 日本 🚁");
  EXPECT_EQ(Plain("a\x1b[2Jb\n\x7f"), "a?[2Jb??");
  EXPECT_EQ(Plain("\xc2\x9b|\xe2\x80\xae|\xe2\x80\xa8"), "?|?|?");  // CSI, right-to-left override, line separator
}

TEST(PlainText, WhatIsNotUtf8IsReplacedByteByByte) {
  EXPECT_EQ(Plain("\xff|\xc3|\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xe2\x82"), "?|?|??|???|????|??");
  EXPECT_EQ(Plain(std::string("a\0b", 3)), "a?b");
}

// ---- Server-Sent Events.

struct Read {
  EventParser parser;
  std::vector<std::string> events;

  Result<bool> Feed(std::string_view bytes) {
    return parser.Feed(bytes, [&](const ServerSentEvent& event) {
      events.push_back(event.type + "/" + event.last_id + "/" + event.data);
      return true;
    });
  }
};

constexpr std::string_view kStream =
    "\xEF\xBB\xBF: hello\n\n"
    "id: 7\nevent: notice\ndata: {\"a\":1}\n\n"
    ":\n\n"
    "data:x\r\ndata: y\r\n\r\n"
    "id\ndata\r\r"
    "retry: 10\nother: z\n\n"
    "data: not whole";

TEST(EventParser, ReadsTheSameHoweverTheBytesAreCut) {
  Read whole;
  ASSERT_TRUE(whole.Feed(kStream));
  EXPECT_THAT(whole.events, ElementsAre("notice/7/{\"a\":1}", "message/7/x\ny", "message//"));
  for (size_t length = 1; length < kStream.size(); ++length) {
    Read parts;
    for (size_t at = 0; at < kStream.size(); at += length) ASSERT_TRUE(parts.Feed(kStream.substr(at, length)));
    EXPECT_EQ(parts.events, whole.events) << "parts of " << length;
  }
}

TEST(EventParser, AfterABreakOnlyTheLastIdOfAWholeEventStays) {
  Read read;
  ASSERT_TRUE(read.Feed("id: 5\ndata: a\n\nid: 6\ndata: b"));
  read.parser.Restart();
  EXPECT_EQ(read.parser.last_id(), "5");
  ASSERT_TRUE(read.Feed("data: c\n\n"));
  EXPECT_THAT(read.events, ElementsAre("message/5/a", "message/5/c"));
}

TEST(EventParser, AnIdWithANullIsIgnored) {
  Read read;
  ASSERT_TRUE(read.Feed(std::string("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n", 31)));
  EXPECT_EQ(read.parser.last_id(), "1");
}

TEST(EventParser, StopsWhenItsTakerSaysSo) {
  EventParser parser;
  int taken = 0;
  const Result<bool> fed = parser.Feed("data: 1\n\ndata: 2\n\n", [&](const ServerSentEvent&) { return ++taken < 1; });
  ASSERT_TRUE(fed);
  EXPECT_FALSE(*fed);
  EXPECT_EQ(taken, 1);
}

TEST(EventParser, AnEventWithoutAnEndIsRefused) {
  Read read;
  const std::string part(EventParser::kEventBytesMax / 2, 'x');
  ASSERT_TRUE(read.Feed("data: "));
  ASSERT_TRUE(read.Feed(part));
  const Result<bool> refused = read.Feed(part);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
}

// ---- Declarations.

Json Volume(const std::string& type = "Polygon") {
  const Json ring = Json::parse("[[8,47],[8.01,47],[8,47.01],[8,47]]");
  Json feature = Json::parse(R"({"type":"Feature","properties":{"altitude_lower_m":1,"altitude_upper_m":2,
    "time_start":"2099-01-01T00:00:00Z","time_end":"2099-01-01T01:00:00Z","pilot":"secret"}})");
  Json coordinates = Json::array({ring});
  if (type == "MultiPolygon") coordinates = Json::array({Json::array({ring}), Json::array({ring})});
  if (type == "Point") {
    coordinates = Json::array({8, 47});
    feature["properties"]["radius_m"] = 30;
  }
  feature["geometry"] = Json{{"type", type}, {"coordinates", coordinates}};
  return feature;
}

Result<Json> Request(const Json& file, const DeclarationChoices& choices = {}) {
  return DeclarationRequest(file.dump(), "f.geojson", choices);
}

Json Collection(std::vector<Json> features) { return Json{{"type", "FeatureCollection"}, {"features", features}}; }

TEST(DeclarationRequest, HasAVolumeForEachPolygonAndCircleAndSendsNothingElse) {
  const Result<Json> request = Request(Collection({Volume(), Volume("MultiPolygon"), Volume("Point")}));
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ((*request)["features"].size(), 4u);
  EXPECT_THAT(request->dump(), Not(HasSubstr("secret")));
  EXPECT_EQ((*request)["features"][2]["geometry"]["type"], "Polygon");
  EXPECT_EQ((*request)["features"][3]["properties"]["radius_m"], 30);
  EXPECT_FALSE(request->contains("priority"));
}

TEST(DeclarationRequest, WhatIsNestedTooDeepIsRefusedBeforeAnythingRecurses) {
  const std::string deep = "{\"type\":\"FeatureCollection\",\"features\":" + std::string(1'000'000, '[');
  const Result<Json> refused = DeclarationRequest(deep + std::string(1'000'000, ']') + "}", "f", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
  // Brackets in texts are no nesting.
  Json file = Volume();
  file["properties"]["note"] = std::string(1000, '[') + "\\\"" + std::string(1000, '{');
  EXPECT_TRUE(Request(file));
}

TEST(DeclarationRequest, OneFeatureWillDo) {
  const Result<Json> request = Request(Volume());
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ((*request)["type"], "FeatureCollection");
}

TEST(DeclarationRequest, TheCommandLineGoesBeforeTheFile) {
  Json file = Collection({Volume()});
  file["priority"] = 3;
  file["disclosure"] = "full";
  file["name"] = "not sent";
  DeclarationChoices choices;
  choices.priority = 7;
  choices.visible_to = {"rescue"};
  choices.key = {"ovn1"};
  const Result<Json> request = Request(file, choices);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ((*request)["priority"], 7);
  EXPECT_EQ((*request)["disclosure"], "full");
  EXPECT_EQ((*request)["visible_to"], Json::array({"rescue"}));
  EXPECT_EQ((*request)["key"], Json::array({"ovn1"}));
  EXPECT_FALSE(request->contains("name"));
}

TEST(DeclarationRequest, SeveralIntentsAreNotMadeOne) {
  Json a = Volume();
  Json b = Volume();
  a["properties"]["intent"] = "a";
  b["properties"]["intent"] = "b";
  const Result<Json> refused = Request(Collection({a, b}));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("--intent"));
  DeclarationChoices choices;
  choices.intent = "b";
  const Result<Json> one = Request(Collection({a, b}), choices);
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ((*one)["features"].size(), 1u);
  choices.intent = "c";
  EXPECT_FALSE(Request(Collection({a, b}), choices));
}

TEST(DeclarationRequest, WhatIsWrongIsNamedWithItsPlace) {
  const auto message = [](const Json& file, const DeclarationChoices& choices = {}) {
    const Result<Json> request = Request(file, choices);
    return request ? std::string("accepted") : request.error().message;
  };
  EXPECT_THAT(message(Json(3)), HasSubstr("f.geojson: type: "));
  EXPECT_THAT(message(Collection({})), HasSubstr("features: has none"));
  EXPECT_THAT(message(Collection({Volume(), Json(1)})), HasSubstr("features[1]: 1 is no GeoJSON Feature"));
  for (const char* member : {"altitude_lower_m", "altitude_upper_m", "time_start", "time_end", "radius_m"}) {
    Json feature = Volume("Point");
    feature["properties"].erase(member);
    EXPECT_THAT(message(Collection({feature})),
                HasSubstr(std::string("features[0].properties.") + member + ": is missing"));
    feature["properties"][member] = Json::array();
    EXPECT_THAT(message(Collection({feature})), HasSubstr(std::string(member) + ": [] is not"));
  }
  Json hole = Volume();
  hole["geometry"]["coordinates"].push_back(hole["geometry"]["coordinates"][0]);
  EXPECT_THAT(message(hole), HasSubstr("hole"));
  Json line = Volume();
  line["geometry"]["type"] = "LineString";
  EXPECT_THAT(message(line), HasSubstr("geometry.type: \"LineString\""));
  line["geometry"] = nullptr;
  EXPECT_THAT(message(line), HasSubstr("geometry: is missing"));
  EXPECT_THAT(message(Collection(std::vector<Json>(kDeclarationVolumesMax + 1, Volume()))), HasSubstr("1000 volumes"));
  EXPECT_EQ(message(Collection(std::vector<Json>(kDeclarationVolumesMax, Volume()))), "accepted");
  DeclarationChoices zone;
  zone.constraint = true;
  Json with_priority = Collection({Volume()});
  with_priority["priority"] = 1;
  EXPECT_THAT(message(with_priority, zone), HasSubstr("priority: a keep-clear zone has none"));
  zone.priority = 1;
  EXPECT_THAT(message(Collection({Volume()}), zone), HasSubstr("--priority"));
  const Result<Json> no_json = DeclarationRequest("{\"type\":\x1b", "f", {});
  ASSERT_FALSE(no_json);
  EXPECT_THAT(no_json.error().message, HasSubstr("is no JSON that serves"));
  EXPECT_THAT(no_json.error().message, Not(HasSubstr("\x1b")));
}

// ---- Words.

const char* const kMeets = R"([
  {"volume":0,"other_volume":1,"altitude_lower_m":500.2,"altitude_upper_m":600,"time_start":"2099-01-01T10:05:00Z",
   "time_end":"2099-01-01T10:10:00.5Z","bbox_deg":[8,47,8.02,47.01],
   "clear_by":{"up_m":99.2,"down_m":50,"earlier_s":10.01,"later_s":300}}])";

Json Other() {
  return Json::parse(R"({"type":"intent","id":"b1","ovn":"o","disclosure":"full","priority":3,"party":"alpine",
                         "state":"accepted","version":1,"possible":false})");
}

TEST(ConflictTable, HasARowForEachConflict) {
  const Json reference = Json::parse(R"({"type":"operational_intent_reference","id":"c1","manager":"uss1",
    "uss_base_url":"https://uss1.example","version":1,"possible":true})");
  Json unbounded = Json::parse(kMeets);
  unbounded[0].erase("altitude_upper_m");
  unbounded[0].erase("clear_by");
  const Json conflicts = Json::array(
      {Json{{"other", Other()}, {"meets", Json::parse(kMeets)}}, Json{{"other", reference}, {"meets", unbounded}}});
  const std::string table = ConflictTable(conflicts);
  EXPECT_THAT(table, HasSubstr("certain    intent"));
  EXPECT_THAT(table, HasSubstr("2099-01-01 10:05:00 to 10:10:00  500 to 600"));
  EXPECT_THAT(table, HasSubstr("47.00500, 8.01000  99.2 m up or 50 m down or 10.1 s earlier or 300 s later\n"));
  EXPECT_THAT(table, HasSubstr("possible   operational intent reference  c1  uss1 (https://uss1.example)"));
  EXPECT_THAT(table, HasSubstr("500 to above"));
  EXPECT_EQ(ConflictTable(Json::array()), "");
  EXPECT_EQ(ConflictTable(Json()), "");
}

TEST(ConflictTable, WhereItIsComesFromTheOutlineToo) {
  Json meets = Json::parse(kMeets);
  meets[0].erase("bbox_deg");
  const auto table = [&](const char* outline) {
    meets[0]["outline"] = Json::parse(outline);
    return ConflictTable(Json::array({Json{{"other", Other()}, {"meets", meets}}}));
  };
  EXPECT_THAT(table(R"({"type":"Point","coordinates":[8,47]})"), HasSubstr("47.00000, 8.00000"));
  EXPECT_THAT(table(R"({"type":"MultiPolygon","coordinates":[[[[179.5,1],[-179.9,1],[179.5,3],[179.5,1]]]]})"),
              HasSubstr("2.00000, 179.80000"));
  EXPECT_THAT(table(R"({"type":"Polygon","coordinates":[[[-179.5,1],[179.9,1],[-179.5,3]]]})"),
              HasSubstr("2.00000, -179.80000"));
  EXPECT_THAT(table(R"({"type":"Polygon","coordinates":[]})"), HasSubstr("500 to 600"));
}

TEST(ConflictTable, WhatIsNotThereOrOfAnotherKindStaysEmpty) {
  const std::string table = ConflictTable(Json::parse(R"([1,{"other":[],"meets":[{"bbox_deg":[1,"x",2,3]}]},{}])"));
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 4);
}

TEST(NoticeWords, SayWhoMeetsWhomWhereAndWhen) {
  Json text{{"kind", "conflict"}, {"because", "declared"}, {"own", {{"type", "intent"}, {"id", "a1"}}}};
  text["other"] = Other();
  text["meets"] = Json::parse(kMeets);
  EXPECT_EQ(
      NoticeWords(text),
      "CONFLICT: your intent a1 meets intent b1 of alpine (priority 3, accepted), 2099-01-01 10:05:00 to 10:10:00 "
      "UTC, 500 to 600 m, near 47.00500, 8.01000 [declared]");
  text["meets"].push_back(text["meets"][0]);
  text["meets"][1]["time_end"] = "2099-01-02T00:00:00Z";
  text["meets"][0]["bbox_deg"] = Json::array({179, 0, -179, 2});
  EXPECT_THAT(NoticeWords(text),
              HasSubstr("10:05:00 to 2099-01-02 00:00:00 UTC, 500 to 600 m, near 1.00000, 180.00000, 2 places"));
  text["kind"] = "conflict_over";
  text["because"] = "told_by_provider";
  text["meets"] = Json::array();
  text["other"].erase("party");
  EXPECT_EQ(NoticeWords(text),
            "over: your intent a1 is clear of intent b1 of (not told) (priority 3, accepted) [told by provider]");
  text["kind"] = "conflict";
  text["other"] = Json::parse(R"({"type":"operational_intent_reference","id":"c1","manager":"uss1",
    "uss_base_url":"https://uss1.example","version":1,"possible":false})");
  EXPECT_EQ(NoticeWords(text),
            "CONFLICT: your intent a1 meets operational intent reference c1 of uss1 (ask https://uss1.example) "
            "[told by provider]");
}

TEST(NoticeWords, AreOneLineWhateverTheNoticeHolds) {
  Json text{{"kind", "new\nkind"}, {"because", "\x1b[2J"}, {"own", 3}, {"other", {{"party", "a\nb"}}}, {"meets", "x"}};
  const std::string words = NoticeWords(text);
  EXPECT_THAT(words, Not(HasSubstr("\n")));
  EXPECT_THAT(words, Not(HasSubstr("\x1b")));
  EXPECT_THAT(NoticeWords(Json()), Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace wideberth::cmd
