import { mount } from 'svelte'
import { preferences } from '../frame/preferences.svelte'
import { wearColour } from '../frame/cluster'
import { escapeInvisible } from '../frame/invisible'
import '../styles/tokens.css'
import '../styles/base.css'
import '../styles/login.css'
import LoginPage from './LoginPage.svelte'

preferences.apply()
escapeInvisible(document.documentElement)
wearColour()
const target = document.getElementById('app')
if (target) mount(LoginPage, { target })
