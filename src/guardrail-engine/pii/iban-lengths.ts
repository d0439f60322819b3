// Source: SWIFT IBAN Registry (ISO 13616), the total length by country.
const BY_LENGTH: readonly (readonly [number, string])[] = [
  [15, 'NO'],
  [16, 'BE'],
  [18, 'DK FI FK FO GL NL SD'],
  [19, 'MK SI'],
  [20, 'AT BA EE KZ LT LU MN XK'],
  [21, 'CH CR HR LI LV'],
  [22, 'BG BH DE GB GE IE ME RS VA'],
  [23, 'AE GI IL IQ OM SO TL'],
  [24, 'AD CZ ES MD PK RO SA SE SK TN VG'],
  [25, 'LY PT ST'],
  [26, 'IS TR'],
  [27, 'BI DJ FR GR IT MC MR SM'],
  [28, 'AL AZ BY CY DO GT HN HU LB NI PL SV'],
  [29, 'BR EG PS QA UA'],
  [30, 'JO KW MU YE'],
  [31, 'MT SC'],
  [32, 'LC'],
  [33, 'RU'],
];

/** The length of a country's IBANs, by its two letters. */
export const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  BY_LENGTH.flatMap(([length, countries]) =>
    countries.split(' ').map((country) => [country, length] as const),
  ),
);
