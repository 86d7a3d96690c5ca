import { carryInMemory, carryOverSerialLine, carryOverUnixSocket } from './carriers.ts';
import { describeLink } from './link-suite.ts';

describeLink('memory', carryInMemory);
describeLink('a UNIX socket', carryOverUnixSocket);
describeLink('a serial line', carryOverSerialLine);
