// Where the page of a report begins that is told and not asked.
import {byId, dataOf} from './dom.mjs';
import {tell} from './told.mjs';

tell(byId('told'), dataOf('data'));
