#ifndef WIDEBERTH_GEO_LAT_LNG_H_
#define WIDEBERTH_GEO_LAT_LNG_H_

namespace wideberth::geo {

// A geodetic position on the WGS84 ellipsoid, in degrees: latitude -90..90, longitude -180..180, both ends in. A plain
// pair, not checked by itself: what is made of it (Outline) checks it.
struct LatLng {
  double latitude_deg = 0;
  double longitude_deg = 0;

  friend bool operator==(const LatLng&, const LatLng&) = default;
};

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_LAT_LNG_H_
