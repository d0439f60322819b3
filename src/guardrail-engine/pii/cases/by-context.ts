import type { PiiType } from '../types.ts';

/** Texts with the parts that are of a type, and texts that only look like it. */
export type TypeCases = { found: readonly [text: string, ...parts: string[]][]; passed: readonly string[] };

/** Types that are known by the words before them, or by a checksum. The numbers are made up or published as examples. */
export const BY_CONTEXT: Readonly<Partial<Record<PiiType, TypeCases>>> = {
  US_SOCIAL_SECURITY_NUMBER: {
    found: [['SSN: 123456789', '123456789'], ['social security number 944-83-3022', '944-83-3022'], ['SSN 337-24-646l', '337-24-646l']],
    passed: ['order 123456789', '944-83-3022'],
  },
  US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER: {
    found: [['ITIN 912-70-1234', '912-70-1234'], ['my ITIN is 912701234', '912701234']],
    passed: ['912-20-1234', '123-70-1234', 'SSN 912-70-1234', '912701234'],
  },
  CA_SOCIAL_INSURANCE_NUMBER: {
    found: [['my 130 692 544', '130 692 544'], ['SIN 130692544', '130692544'], ['a 130-692-544 b', '130-692-544'], ['my SIN is 046 454 286', '046 454 286']],
    passed: ['130 692 545', '046 454 286', 'SIN 130692545', '130692544'],
  },
  CA_HEALTH_NUMBER: {
    found: [['health card 1234-567-890-AB', '1234-567-890-AB'], ['OHIP: 1234567890', '1234567890']],
    passed: ['1234-567-890-AB', 'invoice 1234567890'],
  },
  UK_NATIONAL_HEALTH_SERVICE_NUMBER: {
    found: [['NHS number: 943 476 5919', '943 476 5919'], ['NHS no 9434765919', '9434765919']],
    passed: ['NHS number: 943 476 5918', 'call 943 476 5919'],
  },
  UK_NATIONAL_INSURANCE_NUMBER: {
    found: [['NI: AB 12 34 56 C', 'AB 12 34 56 C'], ['ab123456c', 'ab123456c']],
    passed: ['GB 12 34 56 C', 'AB 12 34 56 E', 'QQ 12 34 56 C'],
  },
  UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER: {
    found: [['UTR 1955839661', '1955839661']],
    passed: ['UTR 2955839661', '1955839661'],
  },
  US_BANK_ROUTING_NUMBER: {
    found: [['routing number 021000021', '021000021']],
    passed: ['routing number 021000022', 'order 021000021'],
  },
  US_BANK_ACCOUNT_NUMBER: {
    found: [['account number: 000123456789', '000123456789'], ['my checking account 12345678', '12345678']],
    passed: ['ticket 000123456789', 'account of 12 May'],
  },
  US_PASSPORT_NUMBER: {
    found: [['Passport: M38154205', 'M38154205'], ['passport number is 123456789', '123456789']],
    passed: ['part M38154205', 'passport in 2024'],
  },
  VEHICLE_IDENTIFICATION_NUMBER: {
    found: [['it is 1HGCM82633A004352.', '1HGCM82633A004352'], ['VIN WVWZZZ1JZ3W386752', 'WVWZZZ1JZ3W386752']],
    passed: ['1HGCM82643A004352', 'WVWZZZ1JZ3W386752', 'ABCDEFGHJKLMNPRST'],
  },
  CREDIT_DEBIT_CARD_CVV: {
    found: [['CVV: 123', '123'], ['the security code is 1234', '1234']],
    passed: ['room 123', 'CVV 12345'],
  },
  CREDIT_DEBIT_CARD_EXPIRY: {
    found: [['exp 04/27', '04/27'], ['valid thru: 12/2029', '12/2029']],
    passed: ['04/27', 'exp 13/27'],
  },
  CREDIT_DEBIT_CARD_NUMBER: {
    found: [['card 5018 0000 0009', '5018 0000 0009']],
    passed: ['5018 0000 0008', '4111 1111 1111 1112'],
  },
  PIN: { found: [['my PIN is 4711', '4711'], ['PIN code: 123456', '123456']], passed: ['spin 4711', 'in 2024'] },
  SWIFT_CODE: {
    found: [['SWIFT: DEUTDEFF', 'DEUTDEFF'], ['BIC is COBADEFFXXX', 'COBADEFFXXX'], ['pay to BOFAUS3N', 'BOFAUS3N']],
    passed: ['DOCUMENT', 'SWIFT ABCDXX33', 'THE CUSTOMER'],
  },
  DRIVER_ID: {
    found: [["driver's license: D1234567", 'D1234567'], ['Notary License: TX-123456', 'TX-123456']],
    passed: ['part D1234567', "driver's license renewal"],
  },
  LICENSE_PLATE: {
    found: [['license plate: 7ABC123', '7ABC123'], ['number plate AB12 CDE', 'AB12 CDE']],
    passed: ['model 7ABC123', 'license plate holder'],
  },
  USERNAME: {
    found: [['username: jdoe42', 'jdoe42'], ['"user": "maria_k"', 'maria_k'], ['follow @some_handle now', '@some_handle']],
    passed: ['username is required', 'the user said so', 'a@b.org'],
  },
  PASSWORD: {
    found: [['password: hunter22', 'hunter22'], ['pwd=Tr0ub4dor&3', 'Tr0ub4dor&3'], ['the password is s3cr3t.', 's3cr3t']],
    passed: ['the password is wrong', 'password: <your password>', 'forgot my password'],
  },
  AGE: {
    found: [['I am 40 years old', '40 years'], ['a 34-year-old man', '34-year'], ['aged 61,', '61'], ['Age: 7', '7']],
    passed: ['40 years of war', 'page 61', '12 May'],
  },
  PHONE: {
    found: [
      ['(415) 234-5678 ext. 12', '(415) 234-5678 ext. 12'],
      ['phone 4152345678', '4152345678'],
      ['tel: 22 123 45 67', '22 123 45 67'],
      ['+44 20 7946 0958', '+44 20 7946 0958'],
      ['reach me on 612345678', '612345678'],
      ['22 123 45 67', '22 123 45 67'],
      ['612 345 678', '612 345 678'],
      ['(11) 91234-5678', '(11) 91234-5678'],
      ['8 (495) 123-45-67', '8 (495) 123-45-67'],
      ['001-415-234-5678x12', '001-415-234-5678x12'],
      ['013.555.1234x99', '013.555.1234x99'],
      ['from 01632960001 on', '01632960001'],
      ['my phone is 2345 6789, or 3456 7890', '2345 6789', '3456 7890'],
    ],
    passed: [
      'order 4152345678',
      'on 2024-05-12',
      'call 10.0.0.1',
      'order no. 01632960001',
      'invoice 612 345 678',
      'EUR 612 345 678',
      'the draw was 14 12 23 34 45 46',
      'see (12) 34567',
      '2345 6789',
    ],
  },
}; // prettier-ignore

/** What only a tagger tells. */
export const TAGGED: Readonly<Record<'NAME' | 'ADDRESS', TypeCases>> = {
  NAME: {
    found: [
      ['My name is Maria Gonzalez and I need help.', 'Maria Gonzalez'],
      ['Dear Mr. Thompson,', 'Thompson'],
      ['Please call Jürgen Müller-Schmidt today.', 'Jürgen Müller-Schmidt'],
      ["Patient: Siobhan O'Brien", "Siobhan O'Brien"],
      ['Ask Anna Schmidt <anna.schmidt@example.com>.', 'Anna Schmidt'],
      ['Contact Mel\u200dissa Wri\u200dght now', 'Mel\u200dissa Wri\u200dght'],
    ],
    passed: [
      'The meeting is on Monday in Berlin.',
      'Please Read The Following Notice Carefully',
      'write to maya@example.com, please',
      'Ask anna@example.org',
      'VIN 1HGCM82633A004352',
      'see https://example.com/Anna-Schmidt',
    ],
  },
  ADDRESS: {
    found: [
      ['I live at 1488 Oak Ave, Salem, MI 87988.', '1488 Oak Ave, Salem, MI 87988'],
      ['Ship it to 12 Station Road, London SW1A 1AA, please', '12 Station Road, London SW1A 1AA'],
    ],
    passed: ['We sold 1488 items in March 2024.', 'The road is closed.'],
  },
};
