// Sentences of our own for training the tagger: {name}, {first}, {last}, {address}, {org}, {city}, {country} and so on
// are filled in; only the first four are personal data.
export const TEMPLATES: readonly string[] = `
My name is {name}.
my name is {name} and I need some help
Hi, I'm {first}.
Hello {first}, thanks for getting back to us.
Dear {name},
Dear Mr. {last},
Dear Mrs. {last},\\n\\nThank you for your letter of {month} {n}.
Dr. {last} will see you now.
Dr. {name} has moved to {city}.
Best regards,\\n{name}
Kind regards\\n{name}\\n{org}
Sincerely,\\n\\n{name}\\n{address}
Thanks,\\n{first}
{name} called this morning about the invoice.
{name} and {name} are getting married in {month}.
I met {name} at a conference in {city}.
Please forward this to {first} {last} in accounting.
{first} said that the meeting with {org} was moved to {weekday}.
Could you ask {first} whether {name} is still working for {org}?
The contract between {org} and {name} was signed in {city}.
{name} lives at {address}.
{name} ({email}) lives in {city}, {country}.
Ship it to {name}, {address}.
Ship to:\\n{name}\\n{address}
Billing address: {address}
Address: {address}
address: {address}, phone: {phone}
Home address: {address}\\nPhone: {phone}
My address is {address}.
I live at {address}, can you deliver there?
We have moved to {address}.
Our office is at {address}. Come by any time.
Send the cheque to {address}
The house at {address} has been sold.
I used to live at {address} but moved to {address} last year.
Please update my address from {address} to {address}.
Meet me at {address} at {time}.
Can you tell me how far {address} is from {city}?
The accident happened in front of {address}.
{org}\\n{address}\\n{phone}
{org}, {address}
{name}\\n{address}
{name}\\n{org}\\n{address}\\n{city}
Name: {name}
Name: {name}\\nEmail: {email}\\nPhone: {phone}
Full name: {name}, born {date}
First name: {first}\\nLast name: {last}
Patient: {name}\\nDate of birth: {date}
Patient {name} was admitted on {date}.
Employee: {name}, department: sales
Customer {name} has ordered {n} items.
From: {name} <{email}>
To: {name} <{email}>
CC: {name}, {name}
Author: {name}
by {name}
written by {name}
Attn: {name}
Contact {name} at {email} or {phone}.
Contact person: {name} ({phone})
Call {first} at {phone}.
{first}'s phone number is {phone}.
{name}'s account has been locked.
Is {name} the owner of this card?
What is {name}'s email?
Who is {name}?
Do you know {name}?
Have you seen {first} today?
{first} is {n} years old.
{name}, {n}, from {city}, won the prize.
{name} was born in {city} in {year}.
{name} is the new chief executive of {org}.
{org} has named {name} as its head of research.
"{quote}", said {name}.
"{quote}," {first} told me.
{name} wrote: {quote}
{name} won the match against {name} in {city}.
The film stars {name} and {name}.
The song was written by {name} in {year}.
I am reading a book by {name}.
A biography of {name} was published in {year}.
According to {name}, the company will grow.
President {last} met Chancellor {last} in {city}.
Professor {last} teaches at the University of {city}.
Judge {last} has ruled for {org}.
Senator {name} voted against it.
Mr. and Mrs. {last} have arrived.
Ms {last} is not in.
Miss {name} has a question.
Sir {name} opened the meeting.
This is {first} from {org}.
This is {name} speaking.
{first} here, can you hear me?
Hey {first}!
Hey {first}, are you coming to {city} on {weekday}?
Thanks {first}!
@{first} can you look at this?
I want to transfer {n} dollars to {name}.
Send {n} euros to {name} at {org}.
Book a flight to {city} for {name}.
Make a reservation for {name} at {time}.
Remind me to call {first} on {weekday}.
Add {name} to my contacts.
The account is in the name of {name}.
Cardholder: {name}
card holder name {name}, card number {n}
Account holder: {name}, IBAN {n}
The beneficiary is {name}, {address}.
{"name": "{name}", "city": "{city}"}
{"first_name": "{first}", "last_name": "{last}", "address": "{address}"}
{'user': '{name}', 'email': '{email}'}
name={name}&email={email}
<name>{name}</name>
<author>{name}</author><city>{city}</city>
INSERT INTO users (name, email) VALUES ('{name}', '{email}');
INSERT INTO people VALUES ({n}, '{name}', '{address}');
logger.info("created account for {name}")
{n};{name};{city};{date}
{name},{email},{phone},{address}
{n}\\t{name}\\t{email}
Interviewer: {quote}\\n{name}: {quote}
{first}: {quote}\\n{first}: {quote}
The witness, {name}, stated that {quote}.
{name} v. {org}
{name} vs. {name}
On behalf of {name}, I request the following.
I, {name}, of {address}, declare that this is true.
Signed: {name}
Signature: {name}\\nDate: {date}
The plaintiff {name} resides at {address}.
The tenant, {name}, shall pay the rent to {name}.
Next of kin: {name} ({phone})
Emergency contact: {first} {last}, {phone}
Her mother {first} and her father {first} live in {city}.
My wife {first} and I live in {city}.
My brother {first} works for {org} in {country}.
my boss {first} wants a report on {org}
Our colleagues {first}, {first} and {first} are in {city}.
{first}, {first} and {first} went to {city}.
{last}, {first}
{last}, {first} ({org})
{name} is a {job} from {country}.
{name} works as a {job} at {org}.
As a {job}, {name} travels to {country} often.
{name} joined {org} in {year} and left in {year}.
{name} of {org} could not be reached.
The {org} office in {city} is led by {name}.
The painting was bought by {name} for {n} million.
I think {name} is the best {job} in {country}.
Fans of {name} were waiting in {city}.
Was {name} the {job} who moved to {country}?
`
  .trim()
  .split('\n');

/** Sentences with nothing personal in them, but much that looks like it. */
export const HARMLESS: readonly string[] = `
{org} has opened an office in {city}.
{org} and {org} have merged.
The {org} annual report is out.
I work for {org}.
How do I get from {city} to {city}?
What is the weather in {city} on {weekday}?
The capital of {country} is {city}.
Book me a hotel in {city}, {country}, for {month} {n}.
The University of {city} was founded in {year}.
{city} is the largest city in {country}.
{country} and {country} signed a treaty in {year}.
The New {city} Times reported it.
The Bank of {country} raised its rates.
{month} {n}, {year}: the court has ruled.
It will rain in {city} from {weekday} to {weekday}.
The meeting is on {weekday}, {month} {n}, at {time}.
Case No. {n}-CV-{n} of the District Court of {city}.
Chapter {n}: The Road to {city}
Order {n} was shipped on {date}.
The {job} at {org} will call you.
My {job} told me so.
We fly from {city} to {city} with {org}.
Version {n}.{n} of the library is out.
The river flows through {country}.
{org} is hiring a {job} in {city}.
Terms And Conditions Apply To This Offer
FREQUENTLY ASKED QUESTIONS
Please Read The Following Notice Carefully
Can you compare Python, Java and Rust?
The Great Gatsby is set on Long Island.
We use Postgres, Redis and Kafka on Amazon Web Services.
Happy Birthday! Merry Christmas! Happy New Year!
She speaks English, French and German.
The French president met the German chancellor.
He is an American of Italian descent.
Open the Settings menu and choose Privacy.
The Eiffel Tower and the Brooklyn Bridge are landmarks.
I need {n} apples and {n} oranges.
Flight {n} leaves at {time} from gate {n}.
Room {n}, floor {n}.
In {year}, sales rose by {n} percent.
Take {n} tablets {n} times a day.
Section {n} of the Act of {year} applies.
Windows Server {year} is not supported.
The Second World War ended in {year}.
Manchester United beat Real Madrid {n} to {n}.
On {weekday} we have {n} seats left.
I, too, think that Spring is better than Autumn.
`
  .trim()
  .split('\n');

export const QUOTES: readonly string[] = [
  'We are very happy about it',
  'I did not expect that',
  'Nobody told us about the delay',
  'It was a difficult year for all of us',
  'I have never been there',
  'Please send the documents today',
  'This must be a mistake',
  'You can reach me in the evening',
  'The package never arrived',
];
